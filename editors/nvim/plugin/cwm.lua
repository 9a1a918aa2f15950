-- The :Cwm command, the <Plug> maps and the autocommands. No key is mapped, and nothing heavy is loaded here.

if vim.g.loaded_cwm then
  return
end
vim.g.loaded_cwm = true

if vim.fn.has("nvim-0.11") == 0 then
  vim.api.nvim_create_user_command("Cwm", function()
    vim.notify("cwm: Neovim 0.11 or later is needed.", vim.log.levels.ERROR)
  end, { nargs = "*", desc = "cwm-lsp needs Neovim 0.11 or later" })
  return
end

vim.api.nvim_create_user_command("Cwm", function(command)
  require("cwm.commands").run(command.args, command.bang)
end, {
  nargs = "*",
  bang = true,
  complete = function(lead, line)
    return require("cwm.commands").complete(lead, line)
  end,
  desc = "Predict, record and compare Python runs",
})

-- Each map does what the subcommand of the same name does.
for _, name in ipairs({
  "compare", "predict", "record", "lens", "clear", "toggle",
  "fix", "expect", "visit", "view", "whatif", "next", "previous", "list", "value", "copy", "ghost", "debug",
}) do
  vim.keymap.set("n", ("<Plug>(cwm-%s)"):format(name), function()
    require("cwm.commands").run(name, false)
  end, { desc = "cwm: " .. name })
end

local group = vim.api.nvim_create_augroup("cwm", {})

---@param event string|string[]
---@param pattern string?
---@param callback fun(event: table)
local function on(event, pattern, callback)
  vim.api.nvim_create_autocmd(event, { group = group, pattern = pattern, callback = callback })
end

local function is_ours(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  return client ~= nil and client.name == "cwm_lsp"
end

on("FileType", "python", function()
  require("cwm.server").explain_absence()
end)
on("LspAttach", nil, function(event)
  if is_ours(event) then
    require("cwm.buffer").attach(event.buf)
  end
end)
on("LspDetach", nil, function(event)
  if is_ours(event) then
    require("cwm.buffer").detach(event.buf)
  end
end)

-- These come for every buffer, so they load nothing: before the server has attached there is nothing to do.
on({ "TextChanged", "InsertLeave", "BufWritePost" }, nil, function(event)
  if package.loaded["cwm.lens"] then
    require("cwm.lens").refresh(event.buf)
  end
end)
on({ "WinResized", "BufWinEnter" }, nil, function()
  if package.loaded["cwm.buffer"] then
    require("cwm.buffer").redraw()
  end
end)
on("ColorScheme", nil, function()
  if package.loaded["cwm.render"] then
    require("cwm.render").link_highlights()
  end
end)
