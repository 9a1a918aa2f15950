-- Makes `vim.lsp.enable("cwm_lsp")` work once this plugin is on the runtime path.
--
-- `vim.lsp.config("cwm_lsp", { cmd = { ... }, init_options = { ... } })` merges settings of your own over these.

local server = require("cwm.server")

---@type vim.lsp.Config
return {
  cmd = { "cwm-lsp", "serve", "--stdio" },
  filetypes = { "python" },
  root_markers = { "pyproject.toml", "setup.py", "setup.cfg", ".git" },
  capabilities = server.capabilities,
  handlers = server.handlers,
  commands = server.commands,
  before_init = server.before_init,
  on_init = server.on_init,
  on_exit = server.on_exit,
  init_options = {
    -- Nothing is run before you ask for it; set this to false to be sure in a project you do not trust.
    trusted = true,
    show = { all = true, predictions = true, observed = true, divergence = true, lenses = true, diagnostics = true },
  },
}
