--- `:checkhealth cwm`

local config = require("cwm.config")
local server = require("cwm.server")

local M = {}

local health = vim.health

local function check_neovim()
  health.start("Neovim")
  if vim.fn.has("nvim-0.11") == 1 then
    local version = vim.version()
    health.ok(("Neovim %d.%d.%d"):format(version.major, version.minor, version.patch))
  else
    health.error("Neovim 0.11 or later is needed.")
  end
  local problems = config.problems()
  for _, problem in ipairs(problems) do
    health.error(problem, "See :help cwm-settings.")
  end
  if #problems == 0 then
    health.ok("The settings are valid.")
  end
end

---@param command string[]
---@param options? vim.SystemOpts
---@return vim.SystemCompleted
local function run(command, options)
  local started, process = pcall(vim.system, command, options or { text = true })
  if not started then
    return { code = -1, signal = 0, stdout = "", stderr = tostring(process) }
  end
  return process:wait(60000)
end

--- What `cwm-lsp doctor` found.
---@param found table
local function report(found)
  health.ok(("cwm-lsp %s on Python %s (%s)"):format(found.version, found.python.version, found.python.path))
  local own = found.interpreter
  if own.supported then
    health.ok(("Your code runs in Python %s (%s). %s"):format(own.version, own.path, own.why))
  else
    health.error(("Your code would run in %s, which cannot be used. %s"):format(own.path, own.why))
  end
  health.info(("debugpy %s"):format(found.packages.debugpy))
  local backend = found.backend
  if type(backend.model) == "string" then
    local checked = backend.verified == true and ", checksum verified" or ""
    health.ok(("Model: %s, %s%s. %s"):format(backend.chosen, backend.model, checked, backend.why))
  else
    health.warn(("No model predicts: %s"):format(backend.why))
  end
  for _, problem in ipairs(found.problems) do
    health.error(problem.what, problem.hint ~= "" and problem.hint or nil)
  end
end

local function check_server()
  health.start("Server")
  local cmd = server.command()
  if not cmd then
    return health.info("`cmd` of cwm_lsp is a function, so there is no program to examine.")
  end
  if not server.installed() then
    return health.error(("%s is not installed or not on PATH."):format(cmd[1]), {
      "Install it: pip install cwm-lsp",
      'Or name it: vim.lsp.config("cwm_lsp", { cmd = { "/path/to/cwm-lsp", "serve", "--stdio" } })',
    })
  end
  health.ok(("Found %s"):format(vim.fn.exepath(cmd[1])))
  local program, options = require("cwm.doctor").command("--json")
  local done = run(program, options)
  local read, found = pcall(vim.json.decode, done.stdout, { luanil = { object = true } })
  if not read or type(found) ~= "table" or not found.version then
    local name = table.concat(program, " ")
    return health.error(("`%s` failed (exit code %d): %s"):format(name, done.code, vim.trim(done.stderr)))
  end
  report(found)
end

local function check_client()
  health.start("Language client")
  if not vim.lsp.is_enabled(server.NAME) then
    health.warn("The server is not enabled.", 'Put vim.lsp.enable("cwm_lsp") into init.lua.')
  end
  local clients = vim.lsp.get_clients({ name = server.NAME })
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_count(client.attached_buffers)
    health.ok(("Serves %d buffer%s, root %s"):format(buffers, buffers == 1 and "" or "s", client.root_dir or "none"))
  end
  if #clients == 0 then
    health.info("Serves no buffer now.")
  end
  health.info(("Log: %s (:Cwm log)"):format(vim.lsp.log.get_filename()))
end

local function check_adapter()
  local program = server.program("dap")
  if not program or not server.installed() then
    return health.info("The debug adapter comes with the server.")
  end
  local name = table.concat(program, " ")
  if run(server.program("dap", "--help")).code == 0 then
    health.ok(("The adapter is `%s`."):format(name))
  else
    health.warn(("`%s` does not answer: this cwm-lsp has no debug adapter."):format(name), "Upgrade cwm-lsp.")
  end
end

local function check_debugging()
  health.start("Debugging (optional)")
  local has_dap = package.loaded.dap or #vim.api.nvim_get_runtime_file("lua/dap.lua", false) > 0
  if not has_dap then
    return health.info("nvim-dap is not installed: everything works but :Cwm debug and :Cwm ghost.")
  end
  require("cwm.dap").offer()
  health.ok(require("cwm.dap").registered() and "nvim-dap has our adapter." or "nvim-dap is installed.")
  check_adapter()
  if #vim.api.nvim_get_runtime_file("lua/nvim-dap-virtual-text.lua", false) > 0 then
    health.info("nvim-dap-virtual-text also writes values at the ends of lines while a program is stopped.")
  end
end

function M.check()
  check_neovim()
  check_server()
  check_client()
  check_debugging()
end

return M
