// Asks an address ten times; exits with 1 as soon as one answer is not 200.
const url = process.argv[2];
for (let i = 0; i < 10; i += 1) {
  const response = await fetch(url);
  if (response.status !== 200) {
    console.error(`${url} answered ${response.status}`);
    process.exit(1);
  }
}
console.log(`${url} answered 10 times`);
