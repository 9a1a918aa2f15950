--- The server's code lenses: asked for by us, drawn above their lines, run from `:Cwm lens`.
--- `vim.lsp.codelens` works with them as well; this does not need it, and draws nobody else's.

local config = require("cwm.config")
local server = require("cwm.server")

local M = {}

M.namespace = vim.api.nvim_create_namespace("cwm.lenses")

--- The lenses last heard of, by buffer.
---@type table<integer, lsp.CodeLens[]>
local known = {}

---@param bufnr integer
---@return lsp.CodeLens[]
function M.known(bufnr)
  return known[bufnr] or {}
end

---@param bufnr integer
function M.clear(bufnr)
  known[bufnr] = nil
  vim.api.nvim_buf_clear_namespace(bufnr, M.namespace, 0, -1)
end

---@param bufnr integer
local function draw(bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, M.namespace, 0, -1)
  if not config.get().codelens then
    return
  end
  local titles = {}
  for _, lens in ipairs(M.known(bufnr)) do
    local row = lens.range.start.line
    titles[row] = titles[row] or {}
    table.insert(titles[row], lens.command.title)
  end
  local last = vim.api.nvim_buf_line_count(bufnr) - 1
  for row, said in pairs(titles) do
    if row <= last then
      local text = table.concat(said, " | ")
      local indent = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]:match("^%s*")
      -- Lines above the first one are out of sight until the window is scrolled up to them.
      vim.api.nvim_buf_set_extmark(bufnr, M.namespace, row, 0, {
        virt_text = row == 0 and { { text, "CwmLens" } } or nil,
        virt_lines = row > 0 and { { { indent .. text, "CwmLens" } } } or nil,
        virt_lines_above = true,
      })
    end
  end
end

--- Draw everything anew: the settings have changed.
function M.redraw()
  for bufnr in pairs(known) do
    draw(bufnr)
  end
end

--- Ask for a buffer's lenses; the answer is dropped if the text has changed since.
---@param bufnr integer
---@param on_lenses? fun(lenses: lsp.CodeLens[])
function M.refresh(bufnr, on_lenses)
  local client = vim.api.nvim_buf_is_loaded(bufnr) and server.client(bufnr)
  if not client then
    return
  end
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  client:request("textDocument/codeLens", params, function(err, lenses)
    if err or not vim.api.nvim_buf_is_loaded(bufnr) or tick ~= vim.api.nvim_buf_get_changedtick(bufnr) then
      return
    end
    known[bufnr] = lenses or {}
    draw(bufnr)
    if on_lenses then
      on_lenses(known[bufnr])
    end
  end, bufnr)
end

--- Run a lens: by our own command where there is one, else by the server's.
---@param bufnr integer
---@param lens lsp.CodeLens
function M.execute(bufnr, lens)
  local client = server.required(bufnr)
  if not client then
    return
  end
  local handler = client.commands[lens.command.command] or vim.lsp.commands[lens.command.command]
  if handler then
    return handler(lens.command, { bufnr = bufnr, client_id = client.id })
  end
  server.execute(client, lens.command, bufnr)
end

--- A lens in a list, where it does not stand behind another that names the call.
---@param lens lsp.CodeLens
---@return string
function M.item(lens)
  local title, call = lens.command.title, (lens.command.arguments or {})[1]
  if title ~= "Predict" or type(call) ~= "table" then
    return title
  end
  return ("%s %s(%s)"):format(title, call["function"], call.arguments)
end

--- Choose among lenses and run the one chosen; a single one is run at once.
---@param bufnr integer
---@param lenses lsp.CodeLens[]
---@param prompt string
function M.choose(bufnr, lenses, prompt)
  if #lenses == 1 then
    return M.execute(bufnr, lenses[1])
  end
  vim.ui.select(lenses, {
    prompt = prompt,
    kind = "cwm",
    format_item = M.item,
  }, function(lens)
    if lens then
      M.execute(bufnr, lens)
    end
  end)
end

return M
