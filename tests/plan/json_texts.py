"""JSON texts, valid and not, on which two parsers might differ. One text per line, or per word."""

import json


def words(text: str) -> list[str]:
    return text.split()


NUMBERS = words("""
    0 -0 -0.0 1 1.0 1.5 1e3 1E+5 0e0 15e-1 0.1 0.1234567
    1e18 1e19 9007199254740993 9007199254740993.0 18446744073709551616 -9223372036854775809
    1e400 -1e400 1e-400 5e-324 2e308 1.7976931348623159e308 1e99999999999999999999
    NaN Infinity -Infinity -NaN nan inf
    01 -01 +1 .5 1. 1_000 0x10 --1
    1577836800 1577836800.5 1577836800000 20000000000000 253402300800 -62135596801 86399 86400
""")

# Python reads integers of up to 4300 digits, and floats below 1e309.
LONG_NUMBERS = [
    *("1" * digits for digits in (40, 308, 309, 4300, 4301)),
    *("-" + "9" * digits for digits in (308, 309, 4301)),
    *("1" * 5000 + ".0", "0." + "1" * 5000),
]

# The contents of JSON strings, a line each: what a scalar may be written as.
STRINGS = [
    *("", " ", " 1 "),
    *"""
1
+1
-1
1.0
1.5
1e3
1e400
1_000
1__0
0x10
00012
１
٣
true
True
yes
off
nan
-inf
Infinity
null
2020-01-01
20200101
2020-13-01
2020-01-01T00:00:00
2020-01-01T00:00:01Z
2020-01-01 00:00+01:00
1577836800
12:00
24:00
12:00:00.1234567
P1D
-P1D
PT1H
1 day
1 days, 00:00:01
90061
12345678-1234-1234-1234-123456789abc
12345678123412341234123456789abc
{12345678-1234-1234-1234-123456789abc}
a
ab
abcd
red
cat
ä
😀
""".strip("\n").split("\n"),
    *("\x7f", "\x85", "\u2028", "\ufeffa", "1" * 4301),
]

# Escapes and what is wrong with some, a line each.
ESCAPES = rb"""
"\u0000"
"\/"
"\x"
"\u12"
"\ud83d\ude00"
"\ud800"
"\ude00"
"\ud800\\udc00"
""".split()

# Bytes that JSON does not have, or that a parser has to know an encoding for.
BYTES = [
    *(b'"a\tb"', b'"a\nb"', b'"\x00"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"open', b"'a'"),
    *(b"", b" ", b"\xef\xbb\xbf1", b"\t1\r\n", b"\x0c1", b"\x0b1", b"\xc2\xa01", b"1 2", b"1,", b"1\x00"),
    *(b"// c\n1", b"/* */1"),
    *("1".encode("utf-16"), "1".encode("utf-16-le"), '"a"'.encode("utf-32"), '"ä"'.encode("latin-1")),
]

# Arrays and objects, a line each.
CONTAINERS = rb"""
[]
[1,2]
[1,]
[,1]
[1.0,1,true]
[NaN,-0]
["1",2]
[[]]
[null]
[[1577836800,null]]
{}
{"a":1,}
{a:1}
{'a':1}
{"x":1}
{"x":"1","y":"2"}
{"item":1}
{"item":{}}
{"kind":"cat"}
{"when":0,"size":1e2}
{"default":"2020-01-01"}
{"text":1.0}
{"day":"2020-01-01"}
{"name":"a","children":[{"name":"b","leaf":{"c":[1,1.0,"1"]}}]}
""".split()

# Objects with equal keys, of which the last one counts, a line each.
EQUAL_KEYS = rb"""
{"a":1,"a":2}
{"a":"x","a":2}
{"a":2,"a":"x"}
{"\u0061":5,"a":1}
{"x":1,"x":2}
{"x":1,"y":2,"x":3}
{"y":2,"x":1}
{"x":"bad","y":1}
{"zz":1,"z":2}
{"z":1,"zz":2,"z":3}
{"size":true,"size":null}
{"kind":"cat","kind":"wolf"}
{"kind":"wolf","born":1577836800,"kind":"cat","lives":"7"}
{"name":"a","leaf":{"a":1},"leaf":{"b":[1]}}
{"item":{"a":1},"item":{"b":["1"]}}
{"default":1,"default":"2","type":"model","schema":"s"}
""".split()

DEEP = [
    *(b"[" * depth + b"]" * depth for depth in (100, 300)),
    b"[" * 100_000,
    *(b'{"name":"a","children":[' * depth + b"]}" * depth for depth in (50, 120)),
]

# What nobody asks for is parsed all the same.
UNASKED = [b"NaN", b"1e999", rb'"\ud800"', b"1" * 4301, DEEP[1]]

ALL = [
    *(b"true", b"false", b"null", b"[true]"),
    *(
        shape % number.encode()
        for number in NUMBERS + LONG_NUMBERS
        for shape in (b"%s", b"[%s, 1]", b'{"a": %s}')
    ),
    *(b'{"x": 1, "y": %s}' % number.encode() for number in NUMBERS),
    *(json.dumps(text, ensure_ascii=False).encode() for text in STRINGS),
    *(json.dumps([text]).encode() for text in STRINGS),
    *(b'{"name": "a", "?": %s}' % value for value in UNASKED),
    *ESCAPES,
    *BYTES,
    *CONTAINERS,
    *EQUAL_KEYS,
    *DEEP,
]
