/** Something that was foreseen went wrong: the message is for the person at the terminal, without a stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
