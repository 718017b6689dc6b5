/** What is wrong with a frame, its CAR file or a record, in words that hold nothing of its content. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}
