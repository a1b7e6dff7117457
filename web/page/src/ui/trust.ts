/**
 * The page's one Trusted Types policy: a script's address must be the page's own, and no text becomes markup or code.
 * Browsers without Trusted Types are held by the content security policy alone.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): unknown;
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };

trustedTypes?.createPolicy('default', {
  createScriptURL(address) {
    if (new URL(address, location.href).origin !== location.origin) throw new TypeError(`not the page's own script: ${address}`);
    return address;
  },
});

export {};
