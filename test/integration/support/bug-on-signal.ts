// Loaded before a program: SIGUSR2 is a bug that nobody caught.
process.on('SIGUSR2', () => {
  throw new Error('a bug that nobody caught');
});
