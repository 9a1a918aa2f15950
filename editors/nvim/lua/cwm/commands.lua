--- `:Cwm`: one command, a table of subcommands.

local server = require("cwm.server")

local M = {}

---@class cwm.Subcommand
---@field about string
---@field run fun(text: string, bang: boolean)
---@field complete? fun(): string[]

local function here()
  return vim.api.nvim_get_current_buf()
end

local function calls()
  return require("cwm.target").calls(here())
end

M.switches = { "all", "predictions", "observed", "divergence", "lenses", "diagnostics" }

---@param name string
---@return boolean
local function is_switch(name)
  local known = vim.list_contains(M.switches, name)
  if not known then
    server.tell(("%q is no switch; choose one of %s."):format(name, table.concat(M.switches, ", ")))
  end
  return known
end

---@param command string
---@return cwm.Subcommand
local function on_call(command, about)
  return {
    about = about,
    complete = calls,
    run = function(text)
      require("cwm.target").run(here(), command, text)
    end,
  }
end

--- Turn a switch to a given side.
---@param name string
---@param on boolean
local function show(name, on)
  name = name == "" and "all" or name
  local client = is_switch(name) and server.required(here())
  if client then
    client:notify("workspace/didChangeConfiguration", { settings = { cwm = { show = { [name] = on } } } })
  end
end

---@param name string
local function toggle(name)
  name = name == "" and "all" or name
  local client = is_switch(name) and server.required(here())
  if client then
    server.execute(client, { command = "cwm.toggle", arguments = { { name = name } } }, here(), function(state)
      server.remark(("cwm: %s %s"):format(name, state[name] and "shown" or "hidden"))
    end)
  end
end

---@param _ string
---@param bang boolean drop the results of all documents
local function clear(_, bang)
  local client = server.required(here())
  if client then
    local arguments = not bang and { { uri = vim.uri_from_bufnr(here()) } } or nil
    server.execute(client, { command = "cwm.clear", arguments = arguments }, here())
  end
end

local function run_lens()
  local bufnr, row = here(), vim.api.nvim_win_get_cursor(0)[1] - 1
  if not server.required(bufnr) then
    return
  end
  require("cwm.lens").refresh(bufnr, function(lenses)
    local found = vim.tbl_filter(function(one)
      return one.range.start.line == row
    end, lenses)
    if #found == 0 then
      return server.remark("cwm: no lens on this line")
    end
    require("cwm.lens").choose(bufnr, found, "Run which?")
  end)
end

---@type table<string, cwm.Subcommand>
M.table = {
  compare = on_call("cwm.compare", "run a call and show it beside what the model says"),
  predict = on_call("cwm.predict", "show what the model says a call would do; nothing is run"),
  record = on_call("cwm.record", "run a call and show what was observed"),
  fix = {
    about = "look for an edit that makes the doctest, test or comment at the cursor hold",
    run = function()
      require("cwm.fix").here()
    end,
  },
  expect = {
    about = "say what the call that was run should have given, and look for an edit",
    run = function(value)
      require("cwm.fix").expected(value)
    end,
  },
  visit = {
    about = "choose which time that this line ran is shown, 0 for none",
    run = function(text)
      require("cwm.visit").choose(text)
    end,
  },
  view = {
    about = "open the trace page of this buffer's results in the browser",
    run = function()
      require("cwm.visit").view()
    end,
  },
  whatif = {
    about = "open what would follow with other values beside what would follow without; nothing is run",
    run = function(text)
      require("cwm.whatif").ask(text)
    end,
  },
  lens = { about = "run a code lens of this line", run = run_lens },
  cancel = {
    about = "stop what goes on for this buffer",
    run = function()
      if not server.cancel(here()) then
        server.remark("cwm: nothing goes on here")
      end
    end,
  },
  clear = { about = "drop the results of this buffer, with ! of all", run = clear },
  show = {
    about = "turn a switch on, all without a name",
    complete = function()
      return M.switches
    end,
    run = function(name)
      show(name, true)
    end,
  },
  hide = {
    about = "turn a switch off, all without a name",
    complete = function()
      return M.switches
    end,
    run = function(name)
      show(name, false)
    end,
  },
  toggle = {
    about = "turn a switch the other way, all without a name",
    complete = function()
      return M.switches
    end,
    run = toggle,
  },
  next = {
    about = "go to the next first divergence",
    run = function()
      require("cwm.divergence").go(1)
    end,
  },
  previous = {
    about = "go to the previous first divergence",
    run = function()
      require("cwm.divergence").go(-1)
    end,
  },
  list = {
    about = "all first divergences in the location list",
    run = function()
      require("cwm.divergence").list()
    end,
  },
  value = {
    about = "all that is known of this line, whole, in a float",
    run = function()
      require("cwm.float").value()
    end,
  },
  copy = {
    about = "copy the values of this line into a register",
    run = function()
      require("cwm.float").copy()
    end,
  },
  debug = {
    about = "debug this file under debugpy (needs nvim-dap)",
    run = function()
      require("cwm.dap").debug()
    end,
  },
  ghost = {
    about = "step a predicted call, running nothing (needs nvim-dap)",
    complete = calls,
    run = function(text)
      require("cwm.dap").ghost(text)
    end,
  },
  start = { about = "enable the server for this session", run = server.start },
  restart = {
    about = "end the server and start it again",
    run = function()
      server.restart(here())
    end,
  },
  log = {
    about = "open the log, where the server's messages are",
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
      vim.cmd("normal! G")
    end,
  },
  doctor = {
    about = "what the server says of its own installation",
    run = function()
      require("cwm.doctor").show()
    end,
  },
  health = {
    about = ":checkhealth cwm",
    run = function()
      vim.cmd.checkhealth("cwm")
    end,
  },
}

--- Run `:Cwm` with these words.
---@param words string
---@param bang boolean
function M.run(words, bang)
  local name, text = words:match("^%s*(%S*)%s*(.-)%s*$")
  local subcommand = M.table[name]
  if not subcommand then
    local names = vim.tbl_keys(M.table)
    table.sort(names)
    return server.tell(("%s; there are %s."):format(
      name == "" and ":Cwm takes a subcommand" or ("%q is no subcommand"):format(name),
      table.concat(names, ", ")
    ))
  end
  subcommand.run(text, bang)
end

--- Completion of `:Cwm`.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local name, rest = line:match("^%s*%S+%s+(%S+)%s+(.*)$")
  local candidates
  if name then
    local subcommand = M.table[name]
    candidates = subcommand and subcommand.complete and subcommand.complete() or {}
    -- A call holds blanks: all that follows the subcommand is completed, but only its last word is replaced.
    local done = rest:sub(1, #rest - #lead)
    candidates = vim.tbl_map(function(one)
      return vim.startswith(one, rest) and one:sub(#done + 1) or nil
    end, candidates)
  else
    candidates = vim.tbl_filter(function(one)
      return vim.startswith(one, lead)
    end, vim.tbl_keys(M.table))
  end
  candidates = vim.tbl_values(candidates)
  table.sort(candidates)
  return candidates
end

return M
