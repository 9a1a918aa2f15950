--- What would follow with other values: at the stop of a debug session in this buffer, else at the cursor's line.

local server = require("cwm.server")

local M = {}

--- The stopped session of ours whose frame is in a buffer.
---@param bufnr integer
---@return any? # a session of nvim-dap
local function stopped(bufnr)
  local session = package.loaded.dap and package.loaded.dap.session()
  local frame = session and session.stopped_thread_id and session.current_frame
  local path = frame and frame.source and frame.source.path
  if not path or session.config.type ~= require("cwm.dap").TYPE or session.config.ghost then
    return nil
  end
  return vim.fs.normalize(path) == vim.fs.normalize(vim.api.nvim_buf_get_name(bufnr)) and session or nil
end

--- The values of a frame as its debugger writes them; groups such as "special variables" are none.
---@param session any
---@param on_values fun(values: table<string, string>)
local function values_of(session, on_values)
  local function failed(err)
    server.tell(("the debugger does not tell its values: %s"):format(err.message))
  end
  session:request("scopes", { frameId = session.current_frame.id }, function(err, answer)
    if err then
      return failed(err)
    end
    local scope = vim.iter(answer.scopes):find(function(one)
      return one.presentationHint == "locals" or one.name == "Locals"
    end)
    if not scope then
      return on_values(vim.empty_dict())
    end
    session:request("variables", { variablesReference = scope.variablesReference }, function(fault, found)
      if fault then
        return failed(fault)
      end
      local values = vim.empty_dict()
      for _, one in ipairs(found.variables) do
        if one.name:match("^[%a_\128-\255][%w_\128-\255]*$") then
          values[one.name] = one.value
        end
      end
      on_values(values)
    end)
  end)
end

---@param text string the changes
---@param line integer from 0
---@param values? table<string, string>
local function send(text, line, values)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.required(bufnr)
  if client then
    local argument = { uri = vim.uri_from_bufnr(bufnr), line = line, branches = text, locals = values }
    local command = { title = "What if " .. text, command = "cwm.viewWhatIf", arguments = { argument } }
    server.execute(client, command, bufnr, require("cwm.visit").browse)
  end
end

---@param text string
local function supposed(text)
  local session = stopped(vim.api.nvim_get_current_buf())
  if not session then
    return send(text, vim.api.nvim_win_get_cursor(0)[1] - 1)
  end
  local line = session.current_frame.line - 1
  values_of(session, function(values)
    send(text, line, values)
  end)
end

--- Open both futures side by side.
---@param text string `total = 0`, or several with `|` between them; "" asks
function M.ask(text)
  if text ~= "" then
    return supposed(text)
  end
  vim.ui.input({ prompt = "What if (name = value): " }, function(answer)
    if answer and answer:match("%S") then
      supposed(answer)
    end
  end)
end

return M
