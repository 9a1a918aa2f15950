--- What the server said of each buffer, kept only as long as the text that it was said of stands.

local render = require("cwm.render")
local server = require("cwm.server")

local M = {}

---@class cwm.Fragment
---@field text string "total = 6 ✗ predicted 5 · 71 %"
---@field state string observed, agrees, differs, withheld, predicted, computed, past or cut
---@field words string the same as a sentence
---@field name string the variable, or ""
---@field dimmed boolean downstream of the first difference

---@class cwm.Line
---@field at lsp.Position
---@field fragments cwm.Fragment[]
---@field mark boolean
---@field visit integer
---@field visits integer

---@class cwm.Divergence
---@field at lsp.Position
---@field call string
---@field step integer
---@field kind string
---@field name string
---@field observed string
---@field predicted string
---@field probability number
---@field message string

---@class cwm.States
---@field uri string
---@field version integer?
---@field lines cwm.Line[]
---@field divergences cwm.Divergence[]
---@field summary string

---@type table<integer, cwm.States>
local held = {}

--- What a debug session says at a stop, shown in place of results until the program goes on.
---@type table<integer, cwm.States>
local laid = {}

--- Buffers whose edits are watched.
---@type table<integer, true>
local watched = {}

---@param bufnr integer
---@return cwm.States?
function M.states(bufnr)
  return held[bufnr]
end

---@param bufnr integer
---@param row integer 0-based
---@return cwm.Line?
function M.line(bufnr, row)
  local states = laid[bufnr] or held[bufnr]
  for _, line in ipairs(states and states.lines or {}) do
    if line.at.line == row then
      return line
    end
  end
end

--- Drop what is shown of a buffer.
---@param bufnr integer
local function drop(bufnr)
  held[bufnr], laid[bufnr] = nil, nil
  render.clear(bufnr)
end

--- Show what a debug session says of a file, or with no lines nothing any more. It belongs to the file as it was
--- loaded: a changed buffer shows none of it.
---@param params cwm.States
function M.overlay(params)
  local bufnr = vim.uri_to_bufnr(params.uri)
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  render.link_highlights()
  render.clear(bufnr)
  laid[bufnr] = nil
  if #params.lines > 0 and not vim.bo[bufnr].modified then
    for _, line in ipairs(params.lines) do
      -- The ends of lines come in units of another encoding than the server's.
      line.at.character = #(vim.api.nvim_buf_get_lines(bufnr, line.at.line, line.at.line + 1, false)[1] or "")
    end
    laid[bufnr] = params
    render.draw(bufnr, params.lines)
  elseif held[bufnr] then
    render.draw(bufnr, held[bufnr].lines)
  end
  server.announce("CwmStates", { bufnr = bufnr, summary = params.summary, lines = #params.lines })
end

--- The debug session has ended.
function M.lift()
  for bufnr, params in pairs(laid) do
    M.overlay({ uri = params.uri, lines = {}, divergences = {}, summary = "" })
    laid[bufnr] = nil
  end
end

---@param known cwm.Divergence[]
---@param found cwm.Divergence
local function is_known(known, found)
  return vim.iter(known):any(function(one)
    return vim.deep_equal(one, found)
  end)
end

--- Take a `cwm/states` notification. What belongs to another version of the text is not drawn.
---@param params cwm.States
---@param client_id integer
function M.take(params, client_id)
  local bufnr = vim.uri_to_bufnr(params.uri)
  if not vim.lsp.buf_is_attached(bufnr, client_id) then
    return
  end
  if params.version and params.version ~= vim.lsp.util.buf_versions[bufnr] then
    return drop(bufnr)
  end
  local before = held[bufnr] and held[bufnr].divergences or {}
  held[bufnr] = params
  if not laid[bufnr] then
    render.draw(bufnr, params.lines)
  end
  require("cwm.lens").refresh(bufnr)
  server.announce("CwmStates", { bufnr = bufnr, summary = params.summary, lines = #params.lines })
  for _, divergence in ipairs(params.divergences) do
    if not is_known(before, divergence) then
      server.announce("CwmDivergence", { bufnr = bufnr, divergence = divergence })
    end
  end
  vim.cmd.redrawstatus()
end

--- Begin to watch a buffer that the server has taken on.
---@param bufnr integer
function M.attach(bufnr)
  render.link_highlights()
  -- Once the buffer is read whole: what is answered to an earlier state of it is dropped.
  vim.schedule(function()
    require("cwm.lens").refresh(bufnr)
  end)
  if require("cwm.config").get().dap then
    require("cwm.dap").offer()
  end
  if watched[bufnr] then
    return
  end
  watched[bufnr] = true
  vim.api.nvim_buf_attach(bufnr, false, {
    -- Values of the old text are gone before the server has even heard of the edit.
    on_lines = function()
      if not watched[bufnr] then
        return true
      end
      if held[bufnr] or laid[bufnr] then
        drop(bufnr)
      end
    end,
    on_reload = function()
      drop(bufnr)
    end,
    on_detach = function()
      watched[bufnr] = nil
      held[bufnr], laid[bufnr] = nil, nil
    end,
  })
end

--- The server has left: what it said is no longer kept up, so it is not shown.
---@param bufnr integer
function M.detach(bufnr)
  watched[bufnr] = nil
  server.forget(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    drop(bufnr)
    require("cwm.lens").clear(bufnr)
  end
  vim.schedule(vim.cmd.redrawstatus)
end

--- Draw everything anew: the room at the end of lines, or the settings, have changed.
function M.redraw()
  for bufnr, params in pairs(vim.tbl_extend("force", held, laid)) do
    render.draw(bufnr, params.lines)
  end
end

return M
