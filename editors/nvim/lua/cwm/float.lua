--- Whole values in floating windows, and into registers.

local buffer = require("cwm.buffer")
local config = require("cwm.config")
local server = require("cwm.server")

local M = {}

--- The most cells that plain text takes.
M.WIDTH = 100

--- What each value of the cursor's line is, as sentences.
---@return string[]
local function sentences()
  local line = buffer.line(vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1] - 1)
  return vim.tbl_map(function(fragment)
    return fragment.name ~= "" and ("%s: %s"):format(fragment.name, fragment.words) or fragment.words
  end, line and line.fragments or {})
end

---@return integer cells
local function room()
  return math.max(vim.o.columns - 8, 20)
end

---@param lines string[]
local function open(lines)
  vim.lsp.util.open_floating_preview(lines, "", {
    border = config.get().border,
    focus_id = "cwm",
    max_width = room(),
    max_height = math.max(vim.o.lines - 8, 5),
  })
end

--- The sentences of the line, then the server's table of all its visits. A second call enters the float.
function M.value()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.required(bufnr)
  if not client then
    return
  end
  local said = sentences()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  client:request("textDocument/hover", params, function(err, hover)
    if err then
      return server.tell(err.message)
    end
    local lines = said
    if hover then
      local markdown = vim.lsp.util.convert_input_to_markdown_lines(hover.contents)
      lines = vim.list_extend({ unpack(said) }, #said > 0 and { "" } or {})
      vim.list_extend(lines, require("cwm.markdown").plain(markdown, room()))
    end
    if #lines == 0 then
      return server.remark("cwm: nothing is known of this line")
    end
    open(lines)
  end, bufnr)
end

--- Copy the sentences of the line, whole, into the register named with `"x`, or into the unnamed one.
function M.copy()
  local said = sentences()
  if #said == 0 then
    return server.remark("cwm: nothing is known of this line")
  end
  vim.fn.setreg(vim.v.register, said)
  server.remark(("cwm: copied %d value%s"):format(#said, #said == 1 and "" or "s"))
end

--- Plain text in a float, entered at once; `q` closes it.
---@param lines string[]
---@param title string
function M.open_text(lines, title)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable, vim.bo[bufnr].bufhidden = false, "wipe"
  local width = math.min(room(), M.WIDTH)
  local height = math.max(math.min(#lines + 6, vim.o.lines - 8), 5)
  vim.api.nvim_open_win(bufnr, true, {
    relative = "editor",
    row = 2,
    col = math.max(math.floor((vim.o.columns - width) / 2), 0),
    width = width,
    height = height,
    border = config.get().border,
    title = (" %s "):format(title),
    style = "minimal",
  })
  vim.wo.wrap = true
  vim.wo.linebreak = true
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, desc = "close" })
end

return M
