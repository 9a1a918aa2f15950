--- What other plugins and configurations may call. Nothing here has to be called.

local M = {}

--- Take settings (see `:help cwm-settings`). Optional: `vim.g.cwm` does the same, and all have defaults.
---@param options? cwm.Config
function M.setup(options)
  local config = require("cwm.config")
  config.set(options or {})
  for _, problem in ipairs(config.problems()) do
    require("cwm.server").tell(problem, vim.log.levels.WARN)
  end
  require("cwm.buffer").redraw()
  require("cwm.lens").redraw()
end

--- Text for a status line: "" where no server serves the buffer, unless it is starting or has ended by itself.
---@param bufnr? integer
---@return string
function M.statusline(bufnr)
  local server = require("cwm.server")
  bufnr = (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
  local trouble = server.trouble() ~= "" and ("cwm: %s"):format(server.trouble()) or nil
  if not server.client(bufnr) then
    return vim.bo[bufnr].filetype == "python" and vim.lsp.is_enabled(server.NAME) and trouble or ""
  end
  local busy = server.busy(bufnr)
  if busy ~= "" then
    return ("cwm: %s ..."):format(busy)
  end
  if trouble then
    return trouble
  end
  local states = require("cwm.buffer").states(bufnr)
  return states and states.summary ~= "" and ("cwm: %s"):format(states.summary) or "cwm"
end

--- What the server said of a buffer last, nil if nothing holds now.
---@param bufnr? integer
---@return cwm.States?
function M.states(bufnr)
  bufnr = (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
  return vim.deepcopy(require("cwm.buffer").states(bufnr))
end

return M
