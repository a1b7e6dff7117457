/**
 * The browsers that the tests drive, without a window, each with an empty profile and WebGPU in software: Chromium on
 * SwiftShader, with subgroups and without f16, and Firefox on Mesa's lavapipe, with f16 and without subgroups.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type Page, chromium, firefox } from 'playwright-core';

type Launch = NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>;

interface Browser {
  type: typeof chromium;
  /** The environment variable that names its program. */
  variable: string;
  places: string[];
  /** Debian's package of it. */
  package: string;
  options: Launch;
}

const BROWSERS = {
  chromium: {
    type: chromium,
    variable: 'CHROMIUM',
    places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
    package: 'chromium',
    // SwiftShader is offered only when asked for.
    options: { args: ['--enable-unsafe-webgpu', '--no-sandbox', '--disable-gpu-sandbox', '--enable-features=Vulkan'] },
  },
  firefox: {
    type: firefox,
    variable: 'FIREFOX',
    places: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    package: 'firefox-esr',
    options: {
      // Mozilla's own Firefox, through WebDriver BiDi, and not one that Playwright builds. Playwright 1.65 sends it a
      // command at its start that Firefox 153, the one with long support, refuses.
      channel: 'moz-firefox',
      firefoxUserPrefs: {
        'dom.webgpu.enabled': true,
        'gfx.webgpu.ignore-blocklist': true,
        // A mouse, which nobody has without a window: it points finely (2) and can hover (4).
        'ui.primaryPointerCapabilities': 6,
        'ui.allPointerCapabilities': 6,
        // No other host is asked for anything.
        'app.update.enabled': false,
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'services.settings.server': 'http://127.0.0.1:9/',
      },
    },
  },
} satisfies Record<string, Browser>;

/** The browser of this run: `$GEMMULE_BROWSER`, which is Chromium unless it says otherwise. */
export const BROWSER = named(process.env['GEMMULE_BROWSER'] ?? 'chromium');

function named(name: string): keyof typeof BROWSERS {
  if (name === 'chromium' || name === 'firefox') return name;
  throw new Error(`GEMMULE_BROWSER is ${name}, and not one of ${Object.keys(BROWSERS).join(', ')}`);
}

/** A browser with its first page. */
export interface Opened {
  context: BrowserContext;
  page: Page;
  /** Where downloads are put. */
  downloads: string;
  /** Ends the browser and removes its profile. */
  close: () => Promise<void>;
}

/** Opens the run's browser with an empty profile. */
export async function open(options: Launch = {}): Promise<Opened> {
  const { type, variable, places, package: debian, options: own }: Browser = BROWSERS[BROWSER];
  const executablePath = [process.env[variable], ...places].find((each) => each && existsSync(each));
  if (!executablePath) throw new Error(`no ${BROWSER}: apt-get install ${debian}, or set ${variable} to its path`);
  const profile = await mkdtemp(join(tmpdir(), `gemmule-${BROWSER}-`));
  const downloadsPath = join(profile, 'downloads');
  const context = await type.launchPersistentContext(profile, { ...own, ...options, executablePath, downloadsPath, headless: true });
  const page = context.pages()[0] ?? (await context.newPage());
  const close = async () => {
    await context.close();
    // Firefox writes into its profile a moment longer.
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { context, page, downloads: downloadsPath, close };
}
