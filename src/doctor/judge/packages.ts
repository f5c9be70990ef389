// pure
import { type Finding, ok, problem, warning } from '../finding.js';

/** A package or program that was tried. */
export interface PackageLook {
  readonly name: string;
  readonly version: string;
  /** What it is wanted for: without it nothing works, another serves, it is one of two ways, greetings are not heard. */
  readonly why: 'needed' | 'better' | 'other-way' | 'voice';
  /** Why it cannot be used, as the end of a sentence; undefined: it can. */
  readonly fault: string | undefined;
  readonly advice: string | undefined;
}

/** What is there in one line, what is not each in its own. @param node the version of Node.js */
export function judgePackages(node: string, looks: readonly PackageLook[]): readonly Finding[] {
  const there = looks.filter(({ fault }) => fault === undefined);
  const text = [
    `Node.js ${node.replace(/^v/, '')}`,
    ...there.map(({ name, version }) => `${name} ${version}`.trim()),
  ].join(', ');
  const ways = looks.filter(({ why }) => why === 'other-way');
  const noWay = ways.length > 0 && ways.every(({ fault }) => fault !== undefined);
  return [
    ok('packages', text),
    ...looks.flatMap((look) => {
      const { name, why, fault, advice } = look;
      if (fault === undefined) return [];
      const says = `${name} cannot be used: ${fault}`;
      if (why === 'needed' || (why === 'other-way' && noWay)) return [problem('packages', says, advice)];
      return why === 'other-way' ? [] : [warning('packages', `${says}${CONSEQUENCE[why]}`, advice)];
    }),
  ];
}

const CONSEQUENCE = {
  better: '; systemd is told through a child process instead',
  voice: '; greetings are not heard',
} as const;
