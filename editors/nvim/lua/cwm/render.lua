--- Values as extmarks in a namespace of our own. Every state has a glyph or a word; colour only repeats it.

local config = require("cwm.config")

local M = {}

M.namespace = vim.api.nvim_create_namespace("cwm.states")

local SEPARATOR = " · "
local MARK = "◆"

--- The cells below which a value says nothing any more, and one beside another that was predicted.
local SHORTEST, SHORTEST_PAIR = 12, 40

--- Highlight groups and what they link to by default.
M.groups = {
  CwmObserved = "Comment",
  CwmAgrees = "DiagnosticOk",
  CwmDiffers = "DiagnosticWarn",
  CwmWithheld = "Comment",
  CwmPredicted = "DiagnosticHint",
  CwmComputed = "DiagnosticInfo",
  CwmPast = "Comment",
  CwmCut = "Comment",
  CwmDimmed = "NonText",
  CwmSeparator = "NonText",
  CwmVisit = "NonText",
  CwmMark = "DiagnosticWarn",
  CwmLens = "LspCodeLens",
}

function M.link_highlights()
  for name, target in pairs(M.groups) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end

local cells = vim.fn.strdisplaywidth

---@param text string
---@param width integer cells
---@return string
local function clip(text, width)
  if cells(text) <= width then
    return text
  end
  return vim.fn.printf("%." .. math.max(width - 1, 0) .. "S", text) .. "…"
end

---@param text string
---@param from integer of the first character, from 0
---@param count? integer
local function characters(text, from, count)
  return vim.fn.strcharpart(text, from, count or vim.fn.strchars(text))
end

--- How many characters two texts begin with in common.
---@param one string
---@param other string
---@return integer
local function in_common(one, other)
  local shorter = math.min(vim.fn.strchars(one), vim.fn.strchars(other))
  for index = 0, shorter - 1 do
    if characters(one, index, 1) ~= characters(other, index, 1) then
      return index
    end
  end
  return shorter
end

--- Cut a value so that what stands at a character stays in sight: its beginning too, behind a bracket or a comma.
---@param text string
---@param width integer cells
---@param focus integer of the character, from 0
---@return string
local function clip_around(text, width, focus)
  if cells(text) <= width or cells(characters(text, 0, focus)) < width - 2 then
    return clip(text, width)
  end
  local rest = text
  for index = 0, focus - 1 do
    if ("([{,"):find(characters(text, index, 1), 1, true) then
      rest = "…" .. vim.trim(characters(text, index + 1))
      if cells(rest) <= width then
        break
      end
    end
  end
  return clip(rest, width)
end

--- Cut the values of a text, and keep its verdict, which stands at its end. Of two values that differ late in
--- both, what differs is kept.
---@param text string
---@param width integer cells
---@return string
function M.shorten(text, width)
  if cells(text) <= width then
    return text
  end
  local tail = text:match(" ✓$") or text:match(" · %d+ %%$") or text:match(" ↶$") or ""
  local body = text:sub(1, #text - #tail)
  local room = width - cells(tail)
  local observed, predicted = body:match("^(.-)( ✗ .*)$")
  if not observed then
    return clip(body, room) .. tail
  end
  local left = math.min(cells(observed), math.max(math.floor(room / 2), room - cells(predicted)))
  local name, value = observed:match("^(%S+ = )(.*)$")
  if not name then
    name, value = observed:match("^(%S+ )(.*)$")
  end
  local words, expected = predicted:match("^( ✗ predicted )(.*)$")
  if not name or not words then
    return clip(observed, left) .. clip(predicted, room - left) .. tail
  end
  local focus = value == expected and 0 or in_common(value, expected)
  return name
    .. clip_around(value, left - cells(name), focus)
    .. words
    .. clip_around(expected, room - left - cells(words), focus)
    .. tail
end

---@param fragment cwm.Fragment
---@return string
local function group(fragment)
  local name = "Cwm" .. fragment.state:sub(1, 1):upper() .. fragment.state:sub(2)
  return fragment.dimmed and "CwmDimmed" or M.groups[name] and name or "CwmObserved"
end

--- The cells that a text needs at the least.
---@param text string
---@return integer
local function least(text)
  return math.min(cells(text), text:find(" ✗ ", 1, true) and SHORTEST_PAIR or SHORTEST)
end

---@param texts string[]
---@return integer
local function least_of(texts)
  local sum = -cells(SEPARATOR)
  for _, text in ipairs(texts) do
    sum = sum + cells(SEPARATOR) + least(text)
  end
  return sum
end

--- A line's values as chunks of virtual text, in so many cells.
---@param line cwm.Line
---@param room integer
---@return { [1]: string, [2]: string }[]
function M.chunks(line, room)
  local settings = config.get()
  local visits = line.visits > 1 and ("⟨%d/%d⟩"):format(line.visit, line.visits) or ""
  local texts = vim.tbl_map(function(fragment)
    return settings.format and settings.format(fragment) or fragment.text
  end, line.fragments)
  room = room - (visits == "" and 0 or cells(visits) + 1)
  -- The last values give way first: the server has put what differs in front.
  while #texts > 1 and room < least_of(texts) do
    table.remove(texts)
  end
  local found, left = {}, room
  for index, text in ipairs(texts) do
    local share = math.floor((left - (#texts - index) * cells(SEPARATOR)) / (#texts - index + 1))
    local needed = 0
    for later = index + 1, #texts do
      needed = needed + cells(SEPARATOR) + cells(texts[later])
    end
    text = M.shorten(text, math.max(share, left - needed, least(text)))
    left = left - cells(text) - cells(SEPARATOR)
    if index > 1 then
      table.insert(found, { SEPARATOR, "CwmSeparator" })
    end
    table.insert(found, { text, group(line.fragments[index]) })
  end
  if visits ~= "" then
    table.insert(found, { (#found > 0 and " " or "") .. visits, "CwmVisit" })
  end
  return found
end

--- The cells that signs may still take from a window: the column for them comes with the first one.
---@param window integer
---@param off integer cells left of the text now
---@return integer
local function signs_to_come(window, off)
  local options = vim.wo[window]
  if options.statuscolumn ~= "" or not vim.startswith(options.signcolumn, "auto") then
    return 0
  end
  local lines = vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
  local numbered = options.number or options.relativenumber
  local numbers = numbered and math.max(options.numberwidth, #tostring(lines) + 1) or 0
  local folds = tonumber(options.foldcolumn) or 0
  return math.max(2 - (off - numbers - folds), 0)
end

--- The cells that values may take on a line, in the widest window that shows the buffer.
---@param bufnr integer
---@param row integer
---@param settings cwm.Config
---@return integer
local function room_of(bufnr, row, settings)
  local width = 0
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    local off = vim.fn.getwininfo(window)[1].textoff
    width = math.max(width, vim.api.nvim_win_get_width(window) - off - signs_to_come(window, off))
  end
  width = width == 0 and vim.o.columns or width
  if settings.position ~= "below" then
    width = width - cells(vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or "") - 3
  end
  return settings.max_width > 0 and math.min(width, settings.max_width) or width
end

--- Where the chunks stand, as options of an extmark.
---@param bufnr integer
---@param row integer
---@param chunks table[]
---@param settings cwm.Config
---@return table
local function placed(bufnr, row, chunks, settings)
  if settings.position == "below" then
    local indent = vim.api.nvim_buf_call(bufnr, function()
      return vim.fn.indent(row + 1)
    end)
    return { virt_lines = { { { (" "):rep(indent), "CwmSeparator" }, unpack(chunks) } } }
  end
  local where = { eol = "eol", inline = "inline", right = "eol_right_align" }
  local gap = { settings.position == "inline" and "  " or " ", "CwmSeparator" }
  return { virt_text = { gap, unpack(chunks) }, virt_text_pos = where[settings.position], hl_mode = "combine" }
end

---@param bufnr integer
function M.clear(bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, M.namespace, 0, -1)
end

--- Draw all that a buffer shows, in place of what it showed.
---@param bufnr integer
---@param lines cwm.Line[]
function M.draw(bufnr, lines)
  local settings = config.get()
  M.clear(bufnr)
  for _, line in ipairs(lines) do
    local row = line.at.line
    local text = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
    if text then
      local chunks = M.chunks(line, room_of(bufnr, row, settings))
      local options = #chunks > 0 and placed(bufnr, row, chunks, settings) or {}
      if line.mark and settings.signs then
        options.sign_text, options.sign_hl_group = MARK, "CwmMark"
      end
      -- Below the priority of diagnostics and the like, which may say something more urgent.
      options.priority = 90
      vim.api.nvim_buf_set_extmark(bufnr, M.namespace, row, settings.position == "inline" and #text or 0, options)
    end
  end
end

return M
