--- Markdown tables as aligned columns of plain text: Neovim shows a table as it is written, escapes and all.

local M = {}

local cells = vim.fn.strdisplaywidth

---@param text string
---@return string
local function unescaped(text)
  return (text:gsub("\\(%p)", "%1"))
end

--- The cells of a table's line. A bar after a backslash is text.
---@param line string
---@return string[]
local function split(line)
  local hidden = line:gsub("\\\\", "\1"):gsub("\\|", "\2")
  local found = vim.split(hidden:gsub("^|", ""):gsub("|%s*$", ""), "|", { plain = true })
  return vim.tbl_map(function(cell)
    return unescaped((vim.trim(cell):gsub("\1", "\\\\"):gsub("\2", "\\|")))
  end, found)
end

--- A row for each line of text, each cell under the name of its column: for values too long for columns.
---@param rows string[][]
---@return string[]
local function stacked(rows)
  local found = {}
  for index = 2, #rows do
    local title, details = {}, {}
    for column, text in ipairs(rows[index]) do
      local name = rows[1][column]
      -- The first column and those without a name say which row it is.
      if column == 1 or name == "" then
        table.insert(title, text)
      elseif text ~= "" then
        table.insert(details, ("  %s: %s"):format(name, text))
      end
    end
    table.insert(found, table.concat(title, " "))
    vim.list_extend(found, details)
  end
  return found
end

---@param rows string[][]
---@param width integer
---@return string[]
local function laid_out(rows, width)
  local widths = {}
  for _, row in ipairs(rows) do
    for column, text in ipairs(row) do
      widths[column] = math.max(widths[column] or 0, cells(text))
    end
  end
  local whole = 2 * #widths
  for _, column in ipairs(widths) do
    whole = whole + column
  end
  if whole > width then
    return stacked(rows)
  end
  return vim.tbl_map(function(row)
    local padded = {}
    for column, text in ipairs(row) do
      padded[column] = text .. (" "):rep(widths[column] - cells(text))
    end
    return (table.concat(padded, "  "):gsub("%s+$", ""))
  end, rows)
end

--- The lines of a markdown text as they are to be read, tables in so many cells.
---@param lines string[]
---@param width integer
---@return string[]
function M.plain(lines, width)
  local found, rows = {}, {}
  local function flush()
    vim.list_extend(found, laid_out(rows, width))
    rows = {}
  end
  for _, line in ipairs(lines) do
    if not line:match("^|") then
      flush()
      table.insert(found, unescaped((line:gsub("%*%*", ""))))
    elseif not line:match("^|[%s:|%-]+$") then
      table.insert(rows, split(line))
    end
  end
  flush()
  return found
end

return M
