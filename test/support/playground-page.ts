import { expect } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';

/** What a browser says of itself, or asks for, that the playground must not need. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium: CHROMIUM names its executable, by default Debian's. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: FLAGS });
}

/** The playground in a page, as a person drives it. `complaints` collects whatever must not happen meanwhile. */
export class PlaygroundPage {
  readonly complaints: string[] = [];
  readonly page: Page;
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on('requestfailed', (request) => this.complaints.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== url && protocol !== 'data:') this.complaints.push(`another origin: ${request.url()}`);
    });
  }

  /** Opens `path` of the server and waits for the editors. */
  static async open(browser: Browser, url: string, path = '/'): Promise<PlaygroundPage> {
    const page = await browser.newPage();
    const playground = new PlaygroundPage(page, url);
    await page.exposeFunction('reportViolation', (text: string) => playground.complaints.push(`policy: ${text}`));
    await page.addInitScript({
      content: `addEventListener('securitypolicyviolation', (e) => reportViolation(e.violatedDirective + ' ' + e.blockedURI))`,
    });
    await page.goto(url + path);
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    return playground;
  }

  tabs(): Promise<string[]> {
    return this.page.locator('.graphiql-tab-button').allInnerTexts();
  }

  /** Shows the tab of an operation. */
  async show(name: string): Promise<void> {
    await this.page.locator('.graphiql-tab-button').getByText(name, { exact: true }).click();
    await this.page.locator('.graphiql-query-editor .view-line').getByText(name).first().waitFor();
  }

  /** Types variables over those of the shown tab. */
  async setVariables(variables: object): Promise<void> {
    await this.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines').click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(JSON.stringify(variables));
    // The editor closes brackets and quotes by itself: what it added stands after the cursor.
    await this.page.keyboard.press('ControlOrMeta+Shift+End');
    await this.page.keyboard.press('Delete');
  }

  /** Runs the shown tab's operation by the button; the answer as the server sent it, once the page shows it too. */
  async run(): Promise<unknown> {
    const answered = this.page.waitForResponse(`${this.#url}/graphql`);
    await this.page.getByRole('button', { name: /Execute query/ }).click();
    const answer: unknown = await (await answered).json();
    const shown = answer !== null && typeof answer === 'object' && 'errors' in answer ? 'errors' : 'data';
    await this.page.locator('.result-window .view-line').getByText(shown).first().waitFor();
    return answer;
  }

  /** The access token that the page holds, from its bar. */
  heldToken(): Promise<string> {
    return this.page.getByPlaceholder('access token').inputValue();
  }

  /** What the browser has stored of this page. */
  stored(): Promise<unknown> {
    return this.page.evaluate(
      '(async () => ({ local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, databases: (await indexedDB.databases()).length }))()',
    );
  }

  expectQuiet(): void {
    expect(this.complaints).toEqual([]);
  }
}
