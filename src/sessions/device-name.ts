import bowser from 'bowser';

/** `Example/3.1 (iPhone; …)`: how apps name themselves. */
const APP = /^(?<name>[A-Za-z][\w .-]{0,39})\/(?<version>\d+(?:\.\d+)?)/;
const MACHINES = ['iPhone', 'iPad', 'Android', 'Macintosh', 'Windows', 'Linux'];

/** What a person calls the browser or app behind a User-Agent: `Firefox on Windows`, `Example 3.1 on iPhone`. Null where it tells nothing. */
export function deviceName(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os, platform } = bowser.parse(userAgent);
  const machine = platform.model && MACHINES.includes(platform.model) ? platform.model : os.name;
  const app = APP.exec(userAgent)?.groups;
  if (browser.name && !/^(mozilla)?$/i.test(browser.name) && userAgent.startsWith('Mozilla/')) {
    return machine ? `${browser.name} on ${machine}` : browser.name;
  }
  if (!app?.['name'] || app['name'] === 'Mozilla') return machine ?? null;
  const named = MACHINES.find((name) => userAgent.includes(name)) ?? machine;
  return [`${app['name']} ${app['version']}`, ...(named ? [named] : [])].join(' on ');
}
