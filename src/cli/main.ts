#!/usr/bin/env node
// The command: arguments to a request, request to its command, problems to one line and an exit code. Never a stack trace.

import { EXIT, UsageProblem } from './exit.ts';
import { parseArguments, type Request } from './parse-arguments.ts';
import { terminalWidth } from './terminal.ts';
import { version } from './version.ts';

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.fine);
  process.stderr.write(`fencepost: cannot write the output (${error.code ?? error.message}); is the disk full?\n`);
  process.exit(EXIT.usage);
});
process.stderr.on('error', () => undefined);
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);

try {
  process.exitCode = await perform(parseArguments(process.argv.slice(2), version, terminalWidth()));
} catch (error) {
  if (error instanceof UsageProblem) {
    process.stderr.write(`fencepost: ${error.message}\n${error.remedy === null ? '' : `  ${error.remedy}\n`}`);
    process.exitCode = EXIT.usage;
  } else failed(error);
}

/** Each command is evaluated only when it is asked for. */
async function perform(request: Request): Promise<number> {
  switch (request.command) {
    case 'debate':
      return (await import('./commands/debate.ts')).debate();
    case 'check':
      return (await import('./commands/check.ts')).check(request);
    case 'audit':
      return (await import('./commands/audit.ts')).audit(request);
    case 'rules':
      return (await import('./commands/audit-rules.ts')).auditRules(request);
    case 'check-source':
      return (await import('./commands/check-source.ts')).checkSource(request.args);
    case 'drift':
      return (await import('./commands/drift.ts')).drift(request);
    case 'trace':
      return (await import('./commands/trace.ts')).trace(request);
    case 'explain':
      return (await import('./commands/explain.ts')).explain(request.id);
    case 'list':
      return (await import('./commands/list.ts')).list(request.topic);
    case 'completion':
      return (await import('./commands/completion.ts')).completion(request.shell);
    case 'print':
      process.stdout.write(request.text);
      return EXIT.fine;
  }
}

function failed(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`fencepost: internal failure: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}, please report\n`);
  process.exit(EXIT.failed);
}
