import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, isSearch, nothing, type RepairResult, shortDiff, wished, wishFor } from '../../../../editors/vscode/src/fixes.ts';
import { frame } from '../../../../editors/vscode/src/frame.ts';

const call = { uri: 'file:///a.py', function: 'clamp', arguments: '3, 5', observed: '3' };

test('a value that the user says is what the call should equal', () => {
    assert.deepEqual(wishFor(call, '5'), { uri: 'file:///a.py', kind: 'call', name: 'clamp(3, 5)', expect: '5' });
});

test('a title names a test without its file', () => {
    const of = (kind: 'doctest' | 'test' | 'call', name: string): string => wished({ uri: '', kind, name });
    assert.equal(of('test', '/w/test_a.py::TestA::test_b'), 'TestA::test_b');
    assert.equal(of('doctest', 'Box.add'), 'the doctest of Box.add');
    assert.equal(of('call', 'f(1)'), 'f(1)');
});

test('answers are added to those given before', () => {
    const question = { call: 'clamp(1, 2)', choices: ['1', '2'], words: 'which?' };
    const once = answered(wishFor(call, '5'), question, '2');
    assert.deepEqual(answered(once, { ...question, call: 'clamp(0, 0)' }, '0').answers, [
        { call: 'clamp(1, 2)', gives: '2' }, { call: 'clamp(0, 0)', gives: '0' },
    ]);
});

test('an action that looks for a fix is told from a fix that was found', () => {
    assert.equal(isSearch(wishFor(call, '5')), true);
    assert.equal(isSearch({ title: 'Line 2', kind: '', name: '', edits: [] }), false);
    assert.equal(isSearch(undefined), false);
});

test('a diff on one line has what goes and what comes, and no headers', () => {
    const diff = '--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n def f(n):\n-    return n - 1\n+    return n + 1\n';
    assert.equal(shortDiff(diff), '- return n - 1   + return n + 1');
});

test('a search without a fix says how much was tried', () => {
    const result: RepairResult = { status: 'none', fixes: [], question: null, tried: 1234, seconds: 7.6, notes: ['Refused 1: x.'] };
    assert.equal(nothing({ ...result, tried: 0 }), 'No edit was tried: none was found to try, or the time was over before. Refused 1: x.');
    assert.equal(nothing(result), '1,234 edits were tried in 8 s, and none makes it hold. Refused 1: x.');
});

test('the frame loads the page of this machine and nothing else', () => {
    const page = frame('http://127.0.0.1:4711/#a"b', 'n0');
    assert.match(page, /default-src 'none'; frame-src http:\/\/127\.0\.0\.1:4711; style-src 'nonce-n0'/);
    assert.match(page, /src="http:\/\/127\.0\.0\.1:4711\/#a&quot;b"/);
    for (const url of ['http://example.org:80/', 'http://127.0.0.1.example.org:80/', 'javascript:alert(1)', 'http://127.0.0.1:80@e/']) {
        assert.throws(() => frame(url, 'n0'), /not on this machine/);
    }
});
