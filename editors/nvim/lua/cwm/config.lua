--- What a user may set, by `vim.g.cwm` or `require("cwm").setup()`; neither is needed.
--- How runs are made and which values are shown is the server's to know: see `init_options` in `lsp/cwm_lsp.lua`.

local M = {}

---@class cwm.Config
---@field position "eol"|"inline"|"right"|"below" where values stand
---@field max_width integer the most cells for values on a line; 0 takes the room that the window has
---@field signs boolean mark the first divergence in the sign column
---@field codelens boolean draw the server's code lenses above their lines
---@field save boolean write a changed buffer before its code is run
---@field dap boolean give nvim-dap, where it is installed, our adapter and configurations
---@field fix_seconds number how long a search for fixes may take
---@field border string border of floating windows
---@field format false|fun(fragment: cwm.Fragment): string text of one value; the server's own where false

---@type cwm.Config
M.defaults = {
  position = "eol",
  max_width = 0,
  signs = true,
  codelens = true,
  save = false,
  dap = true,
  fix_seconds = 20,
  border = "rounded",
  format = false,
}

M.positions = { "eol", "inline", "right", "below" }

---@type table
local given = {}

---@param value any
---@return table
local function evaluated(value)
  value = type(value) == "function" and value() or value
  return type(value) == "table" and value or {}
end

--- What is wrong with the user's settings, a sentence each.
---@return string[]
function M.problems()
  local found = {}
  for name, value in vim.spairs(vim.tbl_extend("force", evaluated(vim.g.cwm), given)) do
    local default = M.defaults[name]
    if default == nil then
      table.insert(found, ("%q is no setting of cwm."):format(name))
    elseif name == "position" then
      if not vim.list_contains(M.positions, value) then
        table.insert(found, ("position must be one of %s."):format(table.concat(M.positions, ", ")))
      end
    elseif name == "format" then
      if value ~= false and not vim.is_callable(value) then
        table.insert(found, "format must be a function or false.")
      end
    elseif type(value) ~= type(default) then
      table.insert(found, ("%s must be a %s, not %s."):format(name, type(default), vim.inspect(value)))
    end
  end
  return found
end

--- The settings that hold now. One that means nothing counts as its default.
---@return cwm.Config
function M.get()
  local settings = vim.deepcopy(M.defaults)
  for name, value in pairs(vim.tbl_extend("force", evaluated(vim.g.cwm), given)) do
    local default = M.defaults[name]
    local fits = type(value) == type(default)
    if name == "format" then
      fits = value == false or vim.is_callable(value)
    elseif name == "position" then
      fits = vim.list_contains(M.positions, value)
    end
    if fits then
      settings[name] = value
    end
  end
  return settings
end

--- Take settings in place of those of an earlier call.
---@param options table
function M.set(options)
  given = evaluated(options)
end

return M
