import { outliveReaders } from '../base/outlive-readers.ts';
import { reportUncaught } from '../base/report-error.ts';
import { runProgram, wordsFor } from './run-program.ts';

const words = process.argv.slice(2);
reportUncaught((error) => wordsFor(error, words));
if (words[0] === 'install') outliveReaders();
else
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // `convocate ls | head`
    throw error;
  });
process.exitCode = await runProgram(words);
