// Results of node:test as lines: each failure with its cause, and a summary that other programs count.

/** A reporter for `node --test --test-reporter`. */
export default async function* report(events) {
  let [passed, failed, skipped] = [0, 0, 0];
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file that passes is no test of its own.
    if (data.details?.type === 'suite' || (type === 'test:pass' && data.name === data.file)) continue;
    if (data.skip !== undefined) skipped += 1;
    else if (type === 'test:pass') passed += 1;
    else failed += 1;
    const seconds = (data.details.duration_ms / 1000).toFixed(1);
    const word = data.skip !== undefined ? 'ignored' : type === 'test:pass' ? 'ok' : 'FAILED';
    yield `test ${data.name} ... ${word} (${seconds} s)\n`;
    const error = data.details.error;
    if (type === 'test:fail') yield `${error?.cause?.stack ?? error?.stack ?? error}\n`;
  }
  const result = failed === 0 && passed > 0 ? 'ok' : 'FAILED';
  yield `test result: ${result}. ${passed} passed; ${failed} failed; ${skipped} ignored\n`;
}
