--- Which call is meant: typed out, offered by the server's lenses, or asked for.

local lens = require("cwm.lens")
local server = require("cwm.server")

local M = {}

--- Of names: letters beyond ASCII are several bytes each, none of them ASCII.
local LETTER, REST = "[%a_\128-\255]", "[%w_\128-\255]*"
local NAME = LETTER .. REST
local DOTTED = LETTER .. "[%w_.\128-\255]*"

--- "f(1, 2)" as function and arguments; nil if it is not a call. A bare name has no arguments.
---@param text string
---@return string? name
---@return string? arguments
function M.parse(text)
  local name, arguments = text:match("^%s*(" .. DOTTED .. ")%s*%((.*)%)%s*$")
  if name then
    return name, arguments
  end
  name = text:match("^%s*(" .. DOTTED .. ")%s*$")
  return name, name and ""
end

--- The function or method around a line, "" outside of any. Read from the text: no parser for Python is needed.
---@param bufnr integer
---@param row integer 0-based
---@return string
function M.function_at(bufnr, row)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, row + 1, false)
  local within = math.huge
  local found
  for index = #lines, 1, -1 do
    local text = lines[index]
    local indent = #text:match("^%s*")
    if text:match("%S") and not text:match("^%s*#") and (indent < within or index == #lines) then
      local name = text:match("^%s*def%s+(" .. NAME .. ")") or text:match("^%s*async%s+def%s+(" .. NAME .. ")")
      local class = text:match("^%s*class%s+(" .. NAME .. ")")
      if name then
        found = name
      elseif class and found then
        return class .. "." .. found
      end
      within = indent
      if indent == 0 then
        break
      end
    end
  end
  return found or ""
end

--- The lenses of a command that the cursor's line means: those on it, else those of the function around it.
---@param lenses lsp.CodeLens[]
---@param command string
---@param row integer
---@param name string the function around the line
---@return lsp.CodeLens[]
local function meant(lenses, command, row, name)
  local of_command = vim.tbl_filter(function(one)
    return one.command.command == command
  end, lenses)
  local here = vim.tbl_filter(function(one)
    return one.range.start.line == row
  end, of_command)
  if #here > 0 then
    return here
  end
  return vim.tbl_filter(function(one)
    return one.command.arguments[1]["function"] == name
  end, of_command)
end

---@param bufnr integer
---@param command string "cwm.compare" and the like
---@param text string a call
local function run_typed(bufnr, command, text)
  local name, arguments = M.parse(text)
  if not name then
    return server.tell(("%q is not a call such as total([4, 9], tax=0.2)."):format(text))
  end
  local argument = { uri = vim.uri_from_bufnr(bufnr), ["function"] = name, arguments = arguments }
  local title = ("%s %s(%s)"):format(command:gsub("^cwm%.", ""), name, arguments)
  server.commands[command]({ title = title, command = command, arguments = { argument } }, { bufnr = bufnr })
end

--- Run a command on the call in `text`, or on the one that the cursor means; ask where there is none.
---@param bufnr integer
---@param command string
---@param text string
function M.run(bufnr, command, text)
  if not server.required(bufnr) then
    return
  end
  if text ~= "" then
    return run_typed(bufnr, command, text)
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local name = M.function_at(bufnr, row)
  -- Lenses for `cwm.record` do not exist: what can be compared can be recorded.
  local offered = command == "cwm.record" and "cwm.compare" or command
  lens.refresh(bufnr, function(lenses)
    local found = vim.deepcopy(meant(lenses, offered, row, name))
    for _, one in ipairs(found) do
      one.command.command = command
      if offered ~= command then
        one.command.title = one.command.title:gsub("^Compare", "Record")
      end
    end
    if #found > 0 then
      return lens.choose(bufnr, found, "Which call?")
    end
    vim.ui.input({ prompt = "Call: ", default = name ~= "" and name .. "(" or "" }, function(answer)
      if answer and answer:match("%S") then
        run_typed(bufnr, command, answer)
      end
    end)
  end)
end

--- The lenses of a command that the cursor's line means, from the server.
---@param bufnr integer
---@param command string
---@param row integer 0-based
---@param on_found fun(lenses: lsp.CodeLens[])
function M.known(bufnr, command, row, on_found)
  lens.refresh(bufnr, function(lenses)
    on_found(meant(lenses, command, row, M.function_at(bufnr, row)))
  end)
end

--- Calls that the server knows inputs for, as texts.
---@param bufnr integer
---@return string[]
function M.calls(bufnr)
  local found = {}
  for _, one in ipairs(lens.known(bufnr)) do
    local argument = one.command.arguments and one.command.arguments[1] or {}
    if argument["function"] then
      found[("%s(%s)"):format(argument["function"], argument.arguments)] = true
    end
  end
  return vim.tbl_keys(found)
end

return M
