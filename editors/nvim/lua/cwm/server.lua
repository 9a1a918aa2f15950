--- The client's side of cwm-lsp: capabilities, handlers, commands, and what to say when the server is not there.
--- docs/protocol.md of the project describes the messages.

local M = {}

M.NAME = "cwm_lsp"

M.capabilities = {
  experimental = { cwmStates = true, cwmShouldBe = true },
  workspace = { codeLens = { refreshSupport = true } },
}

--- The last command sent for each buffer.
---@type table<integer, { client: integer, id: integer, title: string }>
local sent_last = {}

---@param text string
---@param level? integer
function M.tell(text, level)
  vim.notify("cwm: " .. text, level or vim.log.levels.ERROR)
end

--- A passing remark on the command line, short enough never to ask for Enter.
---@param text string
function M.remark(text)
  local room = math.max(vim.o.columns - 14, 20)
  vim.cmd.redraw() -- else an earlier message and this one together would ask for it
  vim.api.nvim_echo({ { vim.fn.printf("%." .. room .. "S", (text:gsub("%s+", " "))) } }, false, {})
end

---@param name string
---@param data table
function M.announce(name, data)
  vim.api.nvim_exec_autocmds("User", { pattern = name, data = data, modeline = false })
end

---@param bufnr integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr, name = M.NAME })[1]
end

--- The command line of the server as configured, or nil where `cmd` is a function.
---@return string[]?
function M.command()
  local config = vim.lsp.config[M.NAME]
  local cmd = config and config.cmd
  return type(cmd) == "table" and cmd or nil
end

--- The command line of another part of cwm-lsp, run as the server is: `{ "uvx", "cwm-lsp", "serve" }` gives
--- `{ "uvx", "cwm-lsp", "doctor" }`. Nil where `cmd` is a function.
---@param ... string
---@return string[]?
function M.program(...)
  local cmd = M.command()
  if not cmd then
    return nil
  end
  local words = {}
  for _, word in ipairs(cmd) do
    if word == "serve" then
      break
    end
    table.insert(words, word)
  end
  return vim.list_extend(words, { ... })
end

--- Whether the program of the server can be started.
---@return boolean
function M.installed()
  local cmd = M.command()
  return cmd == nil or vim.fn.executable(cmd[1]) == 1
end

--- Kinds of errors that say that the model cannot be asked (docs/protocol.md).
local OF_THE_MODEL = { ModelUnavailable = true, ServerLost = true, RequestRefused = true, ModelCrashed = true }

--- What keeps a server that was started from its work, "" where nothing does: a few words for a status line.
local trouble = ""

--- The roots whose server was started and has not answered yet.
---@type table<string, true>
local starting = {}

---@return string
function M.trouble()
  return next(starting) and "the server is starting" or trouble
end

---@param config vim.lsp.ClientConfig
function M.before_init(_, config)
  starting[config.root_dir or ""] = true
end

---@param client vim.lsp.Client
function M.on_init(client)
  starting[client.root_dir or ""] = nil
  trouble = ""
end

--- Why no server serves this buffer and what to do about it.
---@return string
function M.absence()
  if not M.installed() then
    return ("%s is not installed or not on PATH. "):format(M.command()[1])
      .. "Install cwm-lsp (`pip install cwm-lsp`), or name it: "
      .. 'vim.lsp.config("cwm_lsp", { cmd = { "/path/to/cwm-lsp", "serve", "--stdio" } }).'
  end
  if not vim.lsp.is_enabled(M.NAME) then
    return 'the server is not enabled. Put vim.lsp.enable("cwm_lsp") into init.lua, or use :Cwm start.'
  end
  if next(starting) then
    return "the server is still starting. Try again in a moment."
  end
  return "the server does not run for this buffer. :Cwm restart starts it, :Cwm log shows why it ended."
end

local explained = false

--- Say once that the server is enabled but not installed: Neovim itself would only write that into its log.
function M.explain_absence()
  if explained or not vim.lsp.is_enabled(M.NAME) or M.installed() then
    return
  end
  explained = true
  local words = ("%s is not installed or not on PATH. See :checkhealth cwm."):format(M.command()[1])
  -- Later, so that a file named on the command line is on the screen before the message is.
  vim.schedule(function()
    M.tell(words, vim.log.levels.WARN)
  end)
end

--- The client of a buffer, or an explanation.
---@param bufnr integer
---@return vim.lsp.Client?
function M.required(bufnr)
  local client = M.client(bufnr)
  if client and vim.api.nvim_buf_get_name(bufnr) == "" then
    return M.tell("this buffer has no file. :saveas gives it one.")
  end
  if not client then
    M.tell(M.absence())
  end
  return client
end

--- Whether the answer to a command says anything of the model.
---@param command string
---@param err? lsp.ResponseError
local function note(command, err)
  if err then
    trouble = OF_THE_MODEL[(err.data or {}).kind] and "the model cannot be asked" or trouble
  elseif command == "cwm.compare" or command == "cwm.predict" then
    trouble = ""
  end
end

--- Send one of the server's commands.
---@param client vim.lsp.Client
---@param command lsp.Command
---@param bufnr integer
---@param on_result? fun(result: any)
function M.execute(client, command, bufnr, on_result)
  local params = { command = command.command, arguments = command.arguments }
  local sent, id = client:request("workspace/executeCommand", params, function(err, result)
    note(command.command, err)
    vim.cmd.redrawstatus()
    if err then
      return M.tell(err.message) -- it ends with the way out, which `data.hint` holds once more
    end
    if on_result then
      on_result(result)
    end
  end, bufnr)
  if sent then
    sent_last[bufnr] = { client = client.id, id = id, title = command.title or command.command }
  end
end

--- The command that a buffer waits for. The client's own list is asked, since an answer to a cancelled request never
--- reaches its handler.
---@param bufnr integer
---@return vim.lsp.Client?
---@return { client: integer, id: integer, title: string }?
local function pending(bufnr)
  local request = sent_last[bufnr]
  local client = request and vim.lsp.get_client_by_id(request.client)
  local state = client and client.requests[request.id]
  if state and state.type == "pending" then
    return client, request
  end
end

--- Stop what goes on for a buffer.
---@param bufnr integer
---@return boolean # whether there was anything
function M.cancel(bufnr)
  local client, request = pending(bufnr)
  if not client or not request then
    return false
  end
  client:cancel_request(request.id)
  M.remark(("cwm: stopped %s"):format(request.title))
  vim.cmd.redrawstatus()
  return true
end

--- What goes on for a buffer, "" if nothing does.
---@param bufnr integer
---@return string
function M.busy(bufnr)
  local _, request = pending(bufnr)
  return request and request.title or ""
end

---@param bufnr integer
function M.forget(bufnr)
  sent_last[bufnr] = nil
end

---@param result table a CallResult
---@return string
local function outcome(result)
  local said = {}
  if result.divergence then
    table.insert(said, ("line %d: %s"):format(result.divergence.at.line + 1, result.divergence.message))
  elseif result.summary ~= "" then
    table.insert(said, result.summary)
  else
    table.insert(said, ("%d event%s"):format(result.events, result.events == 1 and "" or "s"))
  end
  if result.cut ~= "" then
    table.insert(said, result.cut)
  end
  -- Last, since it may be long and the line is short.
  table.insert(said, result.call)
  return table.concat(said, " · ")
end

--- Write a changed buffer before its code is run, where the user lets us.
---@param bufnr integer
function M.write(bufnr)
  if vim.bo[bufnr].modified and require("cwm.config").get().save then
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd("silent update")
    end)
  end
end

---@param command lsp.Command
---@param bufnr integer
local function call(command, bufnr)
  local client = M.required(bufnr)
  if not client then
    return
  end
  if command.command ~= "cwm.predict" then
    M.write(bufnr)
  end
  M.execute(client, command, bufnr, function(result)
    M.remark(outcome(result))
    M.announce("CwmResult", { bufnr = bufnr, command = command.command, result = result })
  end)
end

--- Client-side commands, so that lenses and `:Cwm` go the same way, wherever they were chosen.
---@type table<string, fun(command: lsp.Command, context: { bufnr: integer, client_id: integer })>
M.commands = {}
for _, name in ipairs({ "cwm.record", "cwm.predict", "cwm.compare" }) do
  M.commands[name] = function(command, context)
    call(command, context.bufnr)
  end
end

M.commands["cwm.fix"] = function(command, context)
  require("cwm.fix").search(context.bufnr, command.arguments[1])
end
M.commands["cwm.shouldBe"] = function(command, context)
  require("cwm.fix").ask_value(context.bufnr, command.arguments[1])
end

M.handlers = {
  ["cwm/states"] = function(_, params, context)
    require("cwm.buffer").take(params, context.client_id)
  end,
  ["workspace/codeLens/refresh"] = function(_, _, context)
    for bufnr in pairs(vim.lsp.get_client_by_id(context.client_id).attached_buffers) do
      require("cwm.lens").refresh(bufnr)
    end
    return vim.NIL
  end,
}

---@param code integer
---@param signal integer
function M.on_exit(code, signal)
  starting = {}
  if code == 0 and (signal == 0 or signal == 15) then
    return
  end
  trouble = "the server has ended"
  vim.schedule(function()
    vim.cmd.redrawstatus()
    local ended = ("the server ended (exit code %d, signal %d)."):format(code, signal)
    M.tell(ended .. " :Cwm restart starts it again, :Cwm log shows why.")
  end)
end

--- Start the server for the buffers that it served, or for this one.
---@param bufnr integer
function M.restart(bufnr)
  local client = M.client(bufnr)
  if not client then
    return M.start()
  end
  local config, buffers = client.config, vim.tbl_keys(client.attached_buffers)
  client:stop()
  local function again(tries)
    if vim.lsp.get_client_by_id(client.id) and tries > 0 then
      if tries == 10 then
        client:stop(true)
      end
      return vim.defer_fn(function()
        again(tries - 1)
      end, 100)
    end
    for _, one in ipairs(buffers) do
      if vim.api.nvim_buf_is_loaded(one) then
        vim.lsp.start(config, { bufnr = one })
      end
    end
  end
  again(50)
end

--- Enable the server for this session.
function M.start()
  if not M.installed() then
    return M.tell(M.absence())
  end
  vim.lsp.enable(M.NAME)
end

return M
