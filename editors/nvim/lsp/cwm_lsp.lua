-- Configuration of cwm-lsp for Neovim 0.11 and later. Put this file into `lsp/` of a folder on the
-- runtime path (~/.config/nvim/lsp/cwm_lsp.lua) and add to init.lua:
--
--     vim.lsp.enable("cwm_lsp")
--     vim.lsp.inlay_hint.enable(true)
--
-- `vim.lsp.config("cwm_lsp", { init_options = { ... } })` merges settings of your own; docs/editors.md
-- lists them. Code lenses are shown with `vim.lsp.codelens.refresh()` and run with `vim.lsp.codelens.run()`.

---@type vim.lsp.Config
return {
  cmd = { "cwm-lsp", "serve", "--stdio" },
  filetypes = { "python" },
  root_markers = { "pyproject.toml", "setup.py", "setup.cfg", ".git" },
  init_options = {
    -- Nothing is run before you choose a lens; set this to false to be sure in a project you do not trust.
    trusted = true,
    show = { all = true, predictions = true, observed = true, divergence = true, lenses = true, diagnostics = true },
  },
}
