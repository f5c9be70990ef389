;; Dot products of one probe with rows of templates, sixteen numbers at a time. dots.ts says what the memory holds.
(module
  (import "search" "memory" (memory 1))
  (func (export "dots") (param $rows i32) (param $count i32) (param $width i32) (param $probe i32) (param $out i32)
    (local $row i32) (local $at i32) (local $end i32) (local $last i32) (local $one v128) (local $two v128)
    (local.set $row (local.get $rows))
    (local.set $last (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $out) (local.get $last)))
        (local.set $one (v128.const i32x4 0 0 0 0))
        (local.set $two (v128.const i32x4 0 0 0 0))
        (local.set $at (local.get $probe))
        (local.set $end (i32.add (local.get $row) (local.get $width)))
        (loop $sixteen
          (local.set $one (i32x4.add (local.get $one)
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $row)) (v128.load (local.get $at)))))
          (local.set $two (i32x4.add (local.get $two)
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $row)) (v128.load offset=16 (local.get $at)))))
          (local.set $row (i32.add (local.get $row) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $sixteen (i32.lt_u (local.get $row) (local.get $end))))
        (local.set $one (i32x4.add (local.get $one) (local.get $two)))
        (i32.store (local.get $out) (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $one)) (i32x4.extract_lane 1 (local.get $one)))
          (i32.add (i32x4.extract_lane 2 (local.get $one)) (i32x4.extract_lane 3 (local.get $one)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $each)))))
