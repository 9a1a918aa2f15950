--- Going from one first divergence to the next.

local buffer = require("cwm.buffer")
local server = require("cwm.server")

local M = {}

--- The divergences of a buffer, in order of lines.
---@param bufnr integer
---@return cwm.Divergence[]
local function sorted(bufnr)
  local states = buffer.states(bufnr)
  local found = states and vim.list_slice(states.divergences) or {}
  table.sort(found, function(a, b)
    return a.at.line < b.at.line
  end)
  return found
end

--- Put the cursor on the nearest divergence before (-1) or after (1) it, round the ends of the buffer.
---@param direction 1|-1
function M.go(direction)
  local found = sorted(vim.api.nvim_get_current_buf())
  if #found == 0 then
    return server.remark("cwm: no divergence here")
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local target = direction == 1 and found[1] or found[#found]
  local first, last = 1, #found
  if direction == -1 then
    first, last = last, first
  end
  for index = first, last, direction do
    if (found[index].at.line - row) * direction > 0 then
      target = found[index]
      break
    end
  end
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { target.at.line + 1, 0 })
  vim.cmd("normal! ^")
  server.remark(("%s: %s"):format(target.call, target.message))
end

--- All divergences of all buffers in the location list.
function M.list()
  local items = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    for _, one in ipairs(sorted(bufnr)) do
      local text = ("%s: %s"):format(one.call, one.message)
      table.insert(items, { bufnr = bufnr, lnum = one.at.line + 1, col = 1, text = text, type = "I" })
    end
  end
  if #items == 0 then
    return server.remark("cwm: no divergence")
  end
  vim.fn.setloclist(0, {}, " ", { title = "First divergences", items = items })
  vim.cmd.lopen()
end

return M
