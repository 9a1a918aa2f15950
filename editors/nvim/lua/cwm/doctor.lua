--- `cwm-lsp doctor`, asked about the settings that the server has been given.

local server = require("cwm.server")

local M = {}

--- Its command line, and what it is started with: the editor's settings of the server are its environment.
---@param ... string
---@return string[]? command nil where `cmd` of the server is a function
---@return vim.SystemOpts
function M.command(...)
  local config = vim.lsp.config[server.NAME] or {}
  local given = config.init_options or {}
  given = given.cwm or given
  local env = {}
  for name, value in pairs(given) do
    if name ~= "trusted" and type(value) ~= "table" then
      local spelled = name:gsub("(%l)(%u)", "%1_%2"):gsub("-", "_"):upper()
      env["CWM_LSP_" .. spelled] = tostring(value)
    end
  end
  -- What the project sets counts for the server unless the editor distrusts it, and so for the doctor.
  local words = given.trusted == false and { "doctor", ... } or { "doctor", "--trust", ... }
  local client = vim.lsp.get_clients({ name = server.NAME })[1]
  return server.program(unpack(words)), { text = true, env = env, cwd = client and client.root_dir or nil }
end

--- Show its report in a float.
function M.show()
  local program, options = M.command()
  if not program or not server.installed() then
    return server.tell(server.absence())
  end
  server.remark("cwm: asking the doctor ...")
  local float = require("cwm.float")
  options.env.COLUMNS, options.env.NO_COLOR = tostring(float.WIDTH), "1"
  vim.system(program, options, function(done)
    vim.schedule(function()
      local text = vim.trim((done.stdout .. done.stderr):gsub("[ \t]+\n", "\n"))
      float.open_text(vim.split(text, "\n"), "cwm-lsp doctor")
    end)
  end)
end

return M
