// pure
/** A face that cannot be measured: its landmarks coincide, or the encoder gives it no direction. It is left out. */
export class UnusableFace extends RangeError {
  override readonly name = 'UnusableFace';
}
