--- Which time that a line ran is looked at, and the page of a whole run.

local server = require("cwm.server")

local M = {}

M.DEFAULT = "what is shown without a choice"

---@param command string
---@param argument table
---@param on_result? fun(result: any)
local function send(command, argument, on_result)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.required(bufnr)
  if client then
    argument.uri = vim.uri_from_bufnr(bufnr)
    server.execute(client, { title = command, command = command, arguments = { argument } }, bufnr, on_result)
  end
end

--- Choose a visit of the cursor's line: the `number`th of the latest result, 0 for none, or asked for.
---@param text string
function M.choose(text)
  local number = tonumber(text)
  if text ~= "" and not number then
    return server.tell(("%q is no number of a visit."):format(text))
  end
  send("cwm.visits", { line = vim.api.nvim_win_get_cursor(0)[1] - 1 }, function(visits)
    if #visits == 0 then
      return server.remark("cwm: this line did not run in anything that is shown")
    end
    local none = { call = visits[1].call, focus = vim.NIL, text = M.DEFAULT }
    if number then
      local chosen = number == 0 and none or visits[number]
      if not chosen then
        return server.tell(("there is no visit %s; there are %d."):format(text, #visits))
      end
      return send("cwm.visit", { call = chosen.call, focus = chosen.focus })
    end
    vim.ui.select(vim.list_extend(visits, { none }), {
      prompt = "Which visit?",
      kind = "cwm.visit",
      format_item = function(one)
        if not one.visit then
          return one.text
        end
        local text = one.text:gsub("%s*⟨%d+/%d+⟩$", "")
        return ("%d/%d  %s"):format(one.visit, one.visits, text == "" and "changed nothing" or text)
      end,
    }, function(chosen)
      if chosen then
        send("cwm.visit", { call = chosen.call, focus = chosen.focus })
      end
    end)
  end)
end

--- Open the trace page of this buffer's results in the browser.
function M.view()
  send("cwm.view", {}, M.browse)
end

--- Open the page that a command answered.
---@param result { url: string }
function M.browse(result)
  local _, err = vim.ui.open(result.url)
  if err then
    return server.tell(("no browser could be started (%s); open %s yourself."):format(err, result.url))
  end
  server.remark("cwm: " .. result.url)
end

return M
