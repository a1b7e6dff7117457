import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeAddress } from './markdown.tsx';

test('links lead to http, https and mail, and nowhere else', () => {
  for (const address of ['https://a.example/x?y#z', 'http://a.example/', 'mailto:a@b.example']) {
    assert.equal(safeAddress(address), address);
  }
  const others = ['javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', 'file:///etc', '//a.example', 'x.html', '#a', ''];
  for (const address of others) assert.equal(safeAddress(address), undefined, address);
});
