--- Fixes: searched by the server when they are asked for, each run before it is offered, made by an edit of the buffer.

local server = require("cwm.server")

local M = {}

--- How often fixes that disagree are asked about, before what is left is offered as it is.
M.QUESTIONS = 3

M.OTHER = "another value"
M.UNKNOWN = "I do not know"
M.LEAVE = "leave the file as it is"

---@param fix table a FixState
local function apply(client, fix)
  local bufnr = vim.uri_to_bufnr(fix.uri)
  vim.fn.bufload(bufnr)
  if fix.version and fix.version ~= vim.lsp.util.buf_versions[bufnr] then
    return server.tell("the file was changed meanwhile, so the fix was not made. Look for it again.")
  end
  vim.lsp.util.apply_text_edits(fix.edits, bufnr, client.offset_encoding)
  server.announce("CwmFix", { bufnr = bufnr, fix = fix })
  local elsewhere = bufnr ~= vim.api.nvim_get_current_buf()
  local name = elsewhere and vim.fs.basename(vim.uri_to_fname(fix.uri)) .. ", not written: " or ""
  server.remark("cwm: " .. name .. fix.title)
end

--- What is looked for, as it stands in a title: of a test without its file.
---@param wanted table a RepairArgument
---@return string
local function wished(wanted)
  return wanted.kind == "test" and wanted.name:match("::(.*)") or wanted.kind == "doctest" and "the doctest of " .. wanted.name or wanted.name
end

---@param result table a RepairResult
local function offer(client, result)
  if #result.fixes == 0 then
    local tried = ("%d edits were tried, and none makes it hold."):format(result.tried)
    local words = { result.tried > 0 and tried or "no edit was tried: none was found to try, or the time was over before." }
    return server.tell(table.concat(vim.list_extend(words, result.notes), " "), vim.log.levels.WARN)
  end
  local choices = vim.list_extend({ unpack(result.fixes) }, { { title = M.LEAVE } })
  vim.ui.select(choices, {
    prompt = result.status == "verified" and "A verified fix:" or "Plausible, not verified:",
    kind = "cwm.fix",
    format_item = function(one)
      local evidence = one.evidence and vim.list_slice(one.evidence, 2, 3) or {}
      return #evidence == 0 and one.title or ("%s (%s)"):format(one.title, table.concat(evidence, "; "))
    end,
  }, function(chosen)
    if chosen and chosen.edits then
      apply(client, chosen)
    end
  end)
end

--- Ask what tells fixes apart; `answer` is called with what is right, or with nothing.
---@param question table a QuestionState
---@param answer fun(gives?: string)
local function ask(question, answer)
  local choices = vim.list_extend({ unpack(question.choices) }, { M.OTHER, M.UNKNOWN })
  vim.ui.select(choices, { prompt = question.words, kind = "cwm.question" }, function(chosen)
    if chosen == M.OTHER then
      return vim.ui.input({ prompt = question.call .. " should give: " }, answer)
    end
    answer(chosen ~= M.UNKNOWN and chosen or nil)
  end)
end

--- Search a fix, ask where fixes disagree, offer what was found.
---@param bufnr integer
---@param argument table a RepairArgument
function M.search(bufnr, argument)
  local client = server.required(bufnr)
  if not client then
    return
  end
  server.write(bufnr)
  local asked = 0
  local function again(wanted)
    local command = { title = "find a fix of " .. wished(wanted), command = "cwm.repair", arguments = { wanted } }
    server.execute(client, command, bufnr, function(result)
      if result.status ~= "plausible" or not result.question or asked == M.QUESTIONS then
        return offer(client, result)
      end
      asked = asked + 1
      ask(result.question, function(gives)
        if not gives or gives == "" then
          return offer(client, result)
        end
        local answers = type(wanted.answers) == "table" and wanted.answers or {}
        answers = vim.list_extend({ unpack(answers) }, { { call = result.question.call, gives = gives } })
        again(vim.tbl_extend("force", wanted, { answers = answers }))
      end)
    end)
  end
  local seconds = require("cwm.config").get().fix_seconds
  again(vim.tbl_extend("force", argument, { seconds = seconds }))
end

--- Look for a fix of what stands at the cursor; asks where that is more than one thing.
function M.here()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.required(bufnr)
  if not client then
    return
  end
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { diagnostics = {}, only = { "quickfix" } }
  client:request("textDocument/codeAction", params, function(err, actions)
    if err then
      return server.tell(err.message)
    end
    local found = vim.tbl_filter(function(one)
      return one.data and one.data.kind and not one.edit
    end, actions or {})
    if #found == 0 then
      return server.remark("cwm: no doctest, test or run here says what should be")
    elseif #found == 1 then
      return M.search(bufnr, found[1].data)
    end
    vim.ui.select(found, {
      prompt = "Find a fix:",
      kind = "cwm.wish",
      format_item = function(one)
        return one.title
      end,
    }, function(chosen)
      if chosen then
        M.search(bufnr, chosen.data)
      end
    end)
  end, bufnr)
end

--- Look for a fix that makes a call give a value.
---@param bufnr integer
---@param call table a ShouldBeArgument
---@param value string a Python expression
function M.expect(bufnr, call, value)
  local name = ("%s(%s)"):format(call["function"], call.arguments)
  M.search(bufnr, { uri = call.uri, kind = "call", name = name, expect = value })
end

--- Ask for the value that a call should have given.
---@param bufnr integer
---@param call table a ShouldBeArgument
function M.ask_value(bufnr, call)
  local prompt = ("%s(%s) should be: "):format(call["function"], call.arguments)
  vim.ui.input({ prompt = prompt, default = call.observed }, function(value)
    if value and value:match("%S") then
      M.expect(bufnr, call, value)
    end
  end)
end

--- `:Cwm expect VALUE`: of the call at the cursor that was run; without a value it is asked for.
---@param value string
function M.expected(value)
  local bufnr, row = vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1] - 1
  if not server.required(bufnr) then
    return
  end
  require("cwm.target").known(bufnr, "cwm.shouldBe", row, function(lenses)
    local call = lenses[1] and lenses[#lenses].command.arguments[1]
    if not call then
      return server.tell("nothing was run here: :Cwm record or :Cwm compare the call first.")
    elseif value == "" then
      return M.ask_value(bufnr, call)
    end
    M.expect(bufnr, call, value)
  end)
end

return M
