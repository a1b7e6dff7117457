/**
 * The page's content security policy: nothing but its own files, no inline script or style, and no text that becomes
 * markup. Only workers may ask other hosts, and they do for one thing: a model's address that the user gave.
 */
import type { Plugin } from 'vite';

const directives = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types default',
];

/** What a server should send with the document; a `meta` element cannot say who may frame it. */
export const documentPolicy = [...directives, "frame-ancestors 'none'"].join('; ');

/** Writes the policy into the built document, so that it holds on every static host. */
export function policy(): Plugin {
  return {
    name: 'gemmule-policy',
    transformIndexHtml: {
      order: 'post',
      handler: (html, context) =>
        // The development server injects styles as it reloads them, so the policy is the built page's alone.
        context.server
          ? html
          : html.replace(
              '<meta charset="utf-8" />',
              `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${directives.join('; ')}" />`,
            ),
    },
    configurePreviewServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? '/').split('?')[0] ?? '/';
        if (path.endsWith('/') || path.endsWith('.html')) {
          response.setHeader('Content-Security-Policy', documentPolicy);
        }
        response.setHeader('X-Content-Type-Options', 'nosniff');
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        next();
      });
    },
  };
}
