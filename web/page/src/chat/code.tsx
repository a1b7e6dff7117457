/** A block of code: its language, a button that copies it, and its text with light colours. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { coloured } from '../ui/highlight';
import { Icon } from '../ui/icons';

/** A block of code with a copy button. */
export function CodeBlock({ code, language }: { code: string; language: string }): VNode {
  const text = code.replace(/\n$/, '');
  return (
    <figure class="code-block">
      <figcaption>
        <span>{language || 'text'}</span>
        <CopyButton text={text} label="Copy code" />
      </figcaption>
      <pre tabIndex={0} aria-label={`Code, ${language || 'text'}`}>
        <code>{coloured(text, language)}</code>
      </pre>
    </figure>
  );
}

/** Copies a text and says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }): VNode {
  const [said, say] = useState<'copied' | 'refused' | undefined>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('copied');
    } catch {
      say('refused');
    }
    setTimeout(() => say(undefined), 1600);
  };
  return (
    <button type="button" class="quiet icon-button" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={said === 'copied' ? 'check' : 'copy'} />
      <span class="visually-hidden" role="status">
        {said === 'copied' ? 'Copied' : said === 'refused' ? 'The browser refused the clipboard' : ''}
      </span>
    </button>
  );
}
