/**
 * Markdown to elements. A model's text never passes through HTML: markdown-it's tokens become elements one by one, so
 * whatever is not in the table below can only be text. Images are named, not loaded; links go to http, https and mail.
 */
import MarkdownIt, { type Token } from 'markdown-it';
import { type ComponentChildren, Fragment, type VNode, h } from 'preact';
import { CodeBlock } from './code';

const parser = new MarkdownIt('default', { html: false, linkify: false, typographer: false, breaks: false });

/** Elements that a token may become, and no other. */
const ELEMENTS = new Set([
  ...['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'hr', 'br', 'strong', 'em', 's'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
]);

/** The page's own heading is above an answer's, so the answer's highest is of the second level. */
const HIGHEST = 2;

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** An address as it may be linked to, or `undefined`. Relative ones are none: an answer has no place to be relative to. */
export function safeAddress(address: string): string | undefined {
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A model's text, rendered. */
export function Markdown({ text }: { text: string }): VNode {
  const tokens = parser.parse(text, {});
  const levels = tokens.filter(({ type }) => type === 'heading_open').map(({ tag }) => Number(tag.slice(1)));
  return <>{render(tokens, HIGHEST - Math.min(...levels, 6))}</>;
}

/** A heading's element, moved by so many levels. */
function headingTag(tag: string, moved: number): string {
  return /^h[1-6]$/.test(tag) ? `h${Math.min(6, Number(tag.slice(1)) + moved)}` : tag;
}

interface Open {
  make: (children: ComponentChildren[]) => ComponentChildren;
  children: ComponentChildren[];
}

function render(tokens: readonly Token[], moved: number): ComponentChildren[] {
  const root: Open = { make: () => null, children: [] };
  const stack: Open[] = [root];
  for (const token of tokens) {
    const top = stack[stack.length - 1] ?? root;
    if (token.nesting === 1) {
      stack.push({ make: opener(token, moved), children: [] });
    } else if (token.nesting === -1) {
      const closed = stack.length > 1 ? stack.pop() : undefined;
      if (closed) (stack[stack.length - 1] ?? root).children.push(closed.make(closed.children));
    } else {
      top.children.push(leaf(token, moved));
    }
  }
  return root.children;
}

function opener(token: Token, moved: number): Open['make'] {
  if (token.tag === 'a') {
    const href = safeAddress(String(token.attrGet('href') ?? ''));
    return (children) =>
      href ? (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      ) : (
        <span>{children}</span>
      );
  }
  // A tight list's paragraphs are hidden: their text belongs to the item itself.
  if (token.hidden || !ELEMENTS.has(token.tag)) return (children) => <Fragment>{children}</Fragment>;
  const tag = headingTag(token.tag, moved);
  const start = token.tag === 'ol' ? Number(token.attrGet('start') ?? 1) : 1;
  const inner = (children: ComponentChildren[]) => h(tag, start === 1 ? null : { start }, children);
  if (token.tag !== 'table') return inner;
  return (children) => (
    <div class="table-scroll" tabIndex={0} role="group" aria-label="Table">
      {inner(children)}
    </div>
  );
}

function leaf(token: Token, moved: number): ComponentChildren {
  switch (token.type) {
    case 'inline':
      return <>{render(token.children ?? [], moved)}</>;
    case 'text':
      return token.content;
    case 'softbreak':
      return '\n';
    case 'hardbreak':
      return <br />;
    case 'hr':
      return <hr />;
    case 'code_inline':
      return <code>{token.content}</code>;
    case 'fence':
    case 'code_block':
      return <CodeBlock code={token.content} language={token.info.trim().split(/\s+/)[0] ?? ''} />;
    case 'image':
      return <span class="image-named">[image: {token.content || 'without a description'}]</span>;
    default:
      return token.content;
  }
}
