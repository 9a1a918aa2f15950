--- nvim-dap, where it is installed: our adapter and configurations. Nothing else of the plugin needs it.
---
--- The adapter is `cwm-lsp dap`: it steps predicted runs, and passes all other sessions on to debugpy.

local server = require("cwm.server")

local M = {}

M.TYPE = "cwm"

--- Until nvim-dap warns that the adapter is slow: its own four seconds are little for two Pythons to start in.
local START_SECONDS = 20

---@return any? # the module `dap`
local function find()
  local found, dap = pcall(require, "dap")
  return found and dap or nil
end

---@return table?
local function adapter()
  local program = server.program("dap")
  if program then
    local options = { initialize_timeout_sec = START_SECONDS }
    return { type = "executable", command = program[1], args = vim.list_slice(program, 2), options = options }
  end
end

---@param text string a call, "" to ask for one
---@param program string
---@return table
local function ghost_configuration(text, program)
  local name, arguments = require("cwm.target").parse(text)
  return {
    type = M.TYPE,
    request = "launch",
    name = "cwm: predict a call, run nothing",
    ghost = true,
    program = program,
    ["function"] = name,
    -- A bare name leaves it to the adapter to find an input.
    arguments = text:find("(", 1, true) and arguments or nil,
    stopOnEntry = true,
    cwmStates = true,
  }
end

--- Ask for a call inside nvim-dap's own prompt for a configuration.
---@param field 1|2 the function or its arguments
local function asked(field)
  return function()
    local name = require("cwm.target").function_at(0, vim.api.nvim_win_get_cursor(0)[1] - 1)
    if field == 1 then
      return vim.fn.input("Function: ", name)
    end
    return vim.fn.input("Arguments: ")
  end
end

---@return table[]
local function configurations()
  local ghost = ghost_configuration("f()", "${file}")
  ghost["function"], ghost.arguments = asked(1), asked(2)
  return {
    { type = M.TYPE, request = "launch", name = "cwm: debug this file", program = "${file}", cwmStates = true },
    ghost,
  }
end

--- Whether our adapter is registered with nvim-dap.
---@return boolean
function M.registered()
  local dap = package.loaded.dap
  return type(dap) == "table" and dap.adapters[M.TYPE] ~= nil
end

--- Draw what sessions of ours say at a stop: predicted beside actual.
local function listen(dap)
  local listeners = dap.listeners
  listeners.after["event_cwm/states"]["cwm"] = function(_, body)
    require("cwm.buffer").overlay(body)
  end
  for _, ended in ipairs({ "event_terminated", "event_exited", "disconnect" }) do
    listeners.after[ended]["cwm"] = function(session)
      if session.config.type == M.TYPE then
        require("cwm.buffer").lift()
      end
    end
  end
  -- Configurations of the user's own are asked to send it as well; nvim-dap before October 2024 has no such list.
  if listeners.on_config then
    listeners.on_config["cwm"] = function(config)
      local ours = config.type == M.TYPE and config.cwmStates == nil
      return ours and vim.tbl_extend("force", config, { cwmStates = true }) or config
    end
  end
end

--- Register with nvim-dap; what the user defined under the same names stays.
---@return any? # the module `dap`, nil where it is not installed
function M.register()
  local dap = find()
  local ours = dap and adapter()
  if not dap or not ours or M.registered() then
    return dap
  end
  dap.adapters[M.TYPE] = ours
  listen(dap)
  dap.configurations.python = dap.configurations.python or {}
  vim.list_extend(dap.configurations.python, configurations())
  return dap
end

--- Register if nvim-dap is there without having to be loaded for us: lazily loaded plugins stay unloaded.
function M.offer()
  if package.loaded.dap or #vim.api.nvim_get_runtime_file("lua/dap.lua", false) > 0 then
    M.register()
  end
end

---@return any?
local function required()
  local dap = M.register()
  if not dap then
    server.tell("nvim-dap is not installed, so nothing can be stepped. :Cwm predict and :Cwm compare work without it.")
  elseif not M.registered() then
    server.tell("`cmd` of cwm_lsp is a function, so the adapter's command is not known: set dap.adapters.cwm yourself.")
    return nil
  end
  return dap
end

--- Debug the current file under debugpy.
function M.debug()
  local dap = required()
  if dap then
    dap.run(configurations()[1])
  end
end

--- Step a predicted call of the current file; nothing is run.
---@param text string the call; without it the function at the cursor is asked about
function M.ghost(text)
  local dap = required()
  if not dap then
    return
  end
  local program = vim.api.nvim_buf_get_name(0)
  local function start(call)
    if not require("cwm.target").parse(call) then
      return server.tell(("%q is not a call such as total([4, 9], tax=0.2)."):format(call))
    end
    dap.run(ghost_configuration(call, program))
  end
  if text ~= "" then
    return start(text)
  end
  local name = require("cwm.target").function_at(0, vim.api.nvim_win_get_cursor(0)[1] - 1)
  local known = vim.tbl_filter(function(call)
    return vim.startswith(call, name .. "(")
  end, require("cwm.target").calls(vim.api.nvim_get_current_buf()))
  vim.ui.input({ prompt = "Call: ", default = known[1] or (name ~= "" and name .. "(" or "") }, function(answer)
    if answer and answer:match("%S") then
      start(answer)
    end
  end)
end

return M
