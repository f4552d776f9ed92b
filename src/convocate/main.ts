import { runProgram } from './run-program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // `convocate ls | head`
  throw error;
});
process.exitCode = await runProgram(process.argv.slice(2));
