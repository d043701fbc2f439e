/** Figures as a table of Markdown, and beside those of another run. */

/** How much worse a ratio may be than the one on file. */
const TOLERANCE = 1.25;
/** What hangs more on the machine and its other work than on the server: shown, not judged. */
const UNJUDGED = new Set(['p99 of me in a flood of logins ÷ idle', 'raw hashes ÷ logins']);

const row = (cells) => `| ${cells.join(' | ')} |`;
const digits = (value, count = 0) => (value === undefined ? '' : value.toFixed(count));

export function toTable({ node, users, rounds, load, starts, works, ratios, login, flat }) {
  const lines = [
    `Node ${node}, ${users} people, medians of ${rounds} rounds, load before it ${digits(load[0], 1)}`,
    '',
    row(['work', 'CPU µs/request', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MB']),
    row(['---', '--:', '--:', '--:', '--:', '--:']),
    ...works.map(({ name, cpuUs, perSecond, p50, p99, rssMb }) =>
      row([name, digits(cpuUs), digits(perSecond), digits(p50, 1), digits(p99, 1), digits(rssMb)]),
    ),
    '',
    row(['ratio', 'value']),
    row(['---', '--:']),
    ...Object.entries(ratios).map(([name, value]) => row([name, digits(value, 2)])),
    '',
    `Ready in ${digits(starts.readyMs)} ms, ${digits(starts.idleMb)} MB idle.`,
  ];
  if (login) {
    lines.push(
      `Logins ${digits(login.perSecond, 1)}/s, raw hashes ${digits(login.hashesPerSecond, 1)}/s; ` +
        `p99 of me ${digits(login.idleP99, 1)} ms idle, ${digits(login.floodP99, 1)} ms in a flood of logins.`,
    );
  }
  if (flat) {
    lines.push('', row(['requests', 'RSS MB', 'live heap MB']), row(['--:', '--:', '--:']));
    for (const { requests, rssMb, liveMb } of flat.samples)
      lines.push(row([requests, digits(rssMb), digits(liveMb, 1)]));
  }
  return lines.join('\n');
}

/** The lower of two runs' ratios, each. */
export const better = (one, other) => ({
  ratios: Object.fromEntries(
    Object.entries(one.ratios).map(([name, ratio]) => [name, Math.min(ratio, other.ratios[name])]),
  ),
});

/** A sentence for each ratio that is worse than on file; ratios within one run alone are compared, never times. */
export function findWorse({ ratios }, onFile) {
  return Object.entries(onFile.ratios).flatMap(([name, was]) => {
    const is = ratios[name];
    if (UNJUDGED.has(name) || (is !== undefined && is <= was * TOLERANCE)) return [];
    return [`${name} is ${digits(is, 2) || 'missing'}, and was ${digits(was, 2)}: more than 25 % worse`];
  });
}
