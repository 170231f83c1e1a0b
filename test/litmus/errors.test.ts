// Every message of the parser and of the static checks, as a reader sees it.
// What stands here is looked at by people: a change of a message changes this file.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, formatDiagnostic, parse } from '../../src/litmus/index.ts';

function messages(text: string): string {
  const parsed = parse(text, 't.litmus');
  const diagnostics = parsed.ok ? check(parsed.scenario, 't.litmus') : parsed.diagnostics;
  return diagnostics.map((diagnostic) => formatDiagnostic(text, diagnostic)).join('\n');
}

function says(name: string, text: string, expected: string): void {
  test(name, () => assert.equal(messages(text), expected.replace(/^\n/, '')));
}

says('an empty file', ``, `
t.litmus:1:1: the file is empty
  a scenario starts with a line such as: litmus my-scenario`);

says('only comments', `// nothing
/* here */
`, `
t.litmus:1:1: the file holds only comments
    // nothing
    ^
  a scenario starts with a line such as: litmus my-scenario`);

says('no litmus line', `exporter vfio: vfio_pci;
`, `
t.litmus:1:1: a scenario starts with 'litmus', not with 'exporter'
    exporter vfio: vfio_pci;
    ^~~~~~~~
  write a first line such as: litmus my-scenario`);

says('a mistyped litmus line', `litmas t
`, `
t.litmus:1:1: a scenario starts with 'litmus', not with 'litmas'
    litmas t
    ^~~~~~
  did you mean 'litmus'?`);

says('litmus without a name', `litmus
`, `
t.litmus:1:1: 'litmus' without a name
    litmus
    ^~~~~~
  expected a name such as revoke-deferred`);

says('binary', `litmus t
\u0000\u0001\u0002PK\u0003\u0004
bool a;`, `
t.litmus:2:1: not a text file: character U+0000
    ���PK��
    ^
  a scenario is plain UTF-8 text that starts with a line such as: litmus my-scenario`);

says('half a surrogate pair', `litmus t
// \ud83d
`, `
t.litmus:2:4: not a text file: character U+D83D
    // �
       ^
  a scenario is plain UTF-8 text that starts with a line such as: litmus my-scenario`);

says('an unterminated string', `litmus t
source "seed thread
bool a;
`, `
t.litmus:2:8: unterminated string
    source "seed thread
           ^~~~~~~~~~~~
  close it with '"' on the same line; write two strings for two lines`);

says('an unterminated comment', `litmus t
bool a; /* all the rest
bool b
`, `
t.litmus:2:9: unterminated comment
    bool a; /* all the rest
            ^~
  close it with '*/'; comments do not nest`);

says('an unknown escape', `litmus t
"a \\q"
`, `
t.litmus:2:4: unknown escape in a string
    "a \\q"
       ^~
  known are \\" \\\\ \\n \\t \\r and \\x41`);

says('quotes that a mailer changed', `litmus t
source “seed”
`, `
t.litmus:2:8: stray character '“'
    source “seed”
           ^
  a mailer changed the quotes: strings stand in straight ones, '"'
t.litmus:2:13: stray character '”'
    source “seed”
                ^
  a mailer changed the quotes: strings stand in straight ones, '"'`);

says('the preprocessor', `litmus t
#include <linux/dma-buf.h>
`, `
t.litmus:2:1: there is no preprocessor here
    #include <linux/dma-buf.h>
    ^~~~~~~~~~~~~~~~~~~~~~~~~~
  write names and numbers out; '//' starts a comment`);

says('a number with a suffix', `litmus t
int n in 0..3u;
`, `
t.litmus:2:13: '3u' is neither a number nor a name
    int n in 0..3u;
                ^~
  a name starts with a letter; numbers have no suffix`);

says('a number too large', `litmus t
thread a: kernel {
  n = 99999999999;
}
`, `
t.litmus:3:7: the number '99999999999' is too large
      n = 99999999999;
          ^~~~~~~~~~~
  state is finite and small: counters of a scenario need a few values`);

says('a missing semicolon', `litmus t
thread a: kernel {
  dma_buf_pin(att)
  dma_buf_unpin(att);
}
`, `
t.litmus:3:19: missing ';' after the call
      dma_buf_pin(att)
                      ^`);

says('a missing semicolon before a brace', `litmus t
thread a: kernel {
  ret = 0

}
`, `
t.litmus:3:10: missing ';' after the assignment
      ret = 0
             ^`);

says('two on one line', `litmus t
thread a: kernel {
  x = 1 y = 2;
}
`, `
t.litmus:3:9: unexpected 'y' after the assignment
      x = 1 y = 2;
            ^
  expected ';'`);

says('a missing brace at the end', `litmus t
thread a: kernel {
  if (x) {
    y = 1;
}
`, `
t.litmus:5:2: missing '}': the body of thread 'a' opens on line 2
    }
     ^
  expected '}'`);

says('a missing brace in the middle', `litmus t
thread a: kernel {
  if (x) {
    y = 1;
}

thread b: kernel { y = 2; }
`, `
t.litmus:7:1: missing '}': the body of thread 'a' opens on line 2
    thread b: kernel { y = 2; }
    ^~~~~~
  expected '}'`);

says('a missing brace of a thread within a party', `litmus t
party p {
  thread a: kernel {
    x = 1;
  thread b: kernel { x = 1; }
}
`, `
t.litmus:5:3: missing '}': the body of thread 'a' opens on line 3
      thread b: kernel { x = 1; }
      ^~~~~~
  expected '}'`);

says('a missing brace of a party', `litmus t
importer gpu of bar {
  speculates;
importer nic of bar;
`, `
t.litmus:4:1: missing '}': the braces of importer 'gpu' open on line 2
    importer nic of bar;
    ^~~~~~~~
  expected '}'`);

says('a brace too many', `litmus t
bool a;
}
bool b;
`, `
t.litmus:3:1: '}' closes nothing
    }
    ^
  is there one too many above?`);

says('an unknown keyword', `litmus t
importr gpu of bar;
bool a;
`, `
t.litmus:2:1: 'importr' starts no declaration
    importr gpu of bar;
    ^~~~~~~
  did you mean 'importer'?`);

says('a word that is nothing like a keyword', `litmus t
frobnicate gpu of bar { a { } b { } }
bool a;
`, `
t.litmus:2:1: 'frobnicate' starts no declaration
    frobnicate gpu of bar { a { } b { } }
    ^~~~~~~~~~
  declarations start with always, eventually, sometimes, exporter, buffer, importer, party, bool, int, unknown, thread, work, fence, mutex, rwsem, completion, kref, ticket, mapping, workqueue, resv`);

says('an arrow', `litmus t
thread a: kernel {
  gpu->stopped = true;
}
`, `
t.litmus:3:6: there is no '->' here
      gpu->stopped = true;
         ^~
  write '.': nothing is a pointer`);

says('an address', `litmus t
thread a: kernel {
  dma_buf_pin(&att);
}
`, `
t.litmus:3:15: there is no '&' before a name here
      dma_buf_pin(&att);
                  ^
  objects are named without '&'; the logical 'and' is '&&'`);

says('NULL', `litmus t
thread a: kernel {
  dma_resv_lock(bar, NULL);
}
`, `
t.litmus:3:22: there is no 'NULL' here
      dma_resv_lock(bar, NULL);
                         ^~~~
  leave an optional argument out, or ask a predicate such as 'live(map)'`);

says('a C for loop', `litmus t
thread a: kernel {
  for (i = 0; i < 3; i++) { x = 1; }
}
`, `
t.litmus:3:8: there is no 'for (…; …; …)' here
      for (i = 0; i < 3; i++) { x = 1; }
           ^
  'for (i in nic) { … }' walks over a family; else write 'while (…)' or 'repeat (3)'`);

says('an endless for loop', `litmus t
thread a: kernel {
  for (;;) x = 1;
}
`, `
t.litmus:3:8: there is no 'for (…; …; …)' here
      for (;;) x = 1;
           ^
  'for (i in nic) { … }' walks over a family; else write 'while (…)' or 'repeat (3)'`);

says('switch', `litmus t
thread a: kernel {
  switch (x) {
  case 1: y = 1; break;
  }
  y = 2;
}
`, `
t.litmus:3:3: there is no 'switch' here
      switch (x) {
      ^~~~~~
  write if (…) { … } else if (…) { … }`);

says('do', `litmus t
thread a: kernel {
  do { x = 1; } while (y);
}
`, `
t.litmus:3:3: there is no 'do' here
      do { x = 1; } while (y);
      ^~
  write the body once, then while (…) { … }`);

says('a C type', `litmus t
thread a: kernel {
  struct foo *f = bar();
  u32 z;
}
`, `
t.litmus:3:3: there is no 'struct' here
      struct foo *f = bar();
      ^~~~~~
  variables are 'bool x = false;' or 'int n in 0..3 = 0;' and stand outside of statements
t.litmus:4:3: there is no 'u32' here
      u32 z;
      ^~~
  variables are 'bool x = false;' or 'int n in 0..3 = 0;' and stand outside of statements`);

says('a C type outside', `litmus t
const int x;
struct foo f;
`, `
t.litmus:2:1: there is no 'const' here
    const int x;
    ^~~~~
  variables are 'bool x = false;' or 'int n in 0..3 = 0;' and stand outside of statements
t.litmus:3:1: there is no 'struct' here
    struct foo f;
    ^~~~~~
  variables are 'bool x = false;' or 'int n in 0..3 = 0;' and stand outside of statements`);

says('a variable among statements', `litmus t
thread a: kernel {
  bool y = false;
}
`, `
t.litmus:3:3: 'bool' declares, and stands among statements
      bool y = false;
      ^~~~
  write the variable outside, beside the thread; one in the braces of an importer belongs to it`);

says('an assignment in a condition', `litmus t
thread a: kernel {
  if (x = 1) { y = 1; }
}
`, `
t.litmus:3:9: '=' inside an expression
      if (x = 1) { y = 1; }
            ^
  compare with '=='; an assignment is a statement of its own`);

says('an increment in a condition', `litmus t
thread a: kernel {
  while (x++ < 3) { y = 1; }
}
`, `
t.litmus:3:11: there is no operator '++' here
      while (x++ < 3) { y = 1; }
              ^~
  'x++;' is a statement of its own, not a part of an expression`);

says('bits', `litmus t
thread a: kernel {
  if (flags & 1) y = 1;
}
`, `
t.litmus:3:13: there is no operator '&' here
      if (flags & 1) y = 1;
                ^
  objects are named without '&'; the logical 'and' is '&&'`);

says('a product', `litmus t
thread a: kernel {
  x = 2 * y;
}
`, `
t.litmus:3:9: there is no operator '*' here
      x = 2 * y;
            ^
  there are no pointers and no products: name the object itself`);

says('a ternary', `litmus t
thread a: kernel {
  x = y ? 1 : 2;
}
`, `
t.litmus:3:9: there is no operator '?' here
      x = y ? 1 : 2;
            ^
  there is no '?:': write if (…) … else …`);

says('a negative number', `litmus t
thread a: kernel {
  return -1;
}
`, `
t.litmus:3:11: '-' stands before an errno only
      return -1;
              ^
  expected a name such as 'ENODEV'
  there are no negative numbers`);

says('a pointer', `litmus t
thread a: kernel {
  *x = 1;
}
`, `
t.litmus:3:3: unexpected '*'
      *x = 1;
      ^
  expected a statement
  there are no pointers and no products: name the object itself`);

says('a string in an expression', `litmus t
thread a: kernel {
  if (unknown("a.c:1")) x = 1;
}
`, `
t.litmus:3:15: there are no strings in expressions
      if (unknown("a.c:1")) x = 1;
                  ^~~~~~~
  an undecided guard is declared: unknown busy at "drivers/foo/bar.c:120";`);

says('a computed index', `litmus t
thread a: kernel {
  nic[i].stopped = true;
}
`, `
t.litmus:3:7: the index of an instance is a number
      nic[i].stopped = true;
          ^
  expected a number such as '0'
  'for (i in nic) { … }' walks over a family; inside, 'i' is the instance`);

says('an else alone', `litmus t
thread a: kernel {
  else x = 1;
}
`, `
t.litmus:3:3: 'else' without an 'if' before it
      else x = 1;
      ^~~~
  a body of more than one statement needs braces`);

says('a name alone', `litmus t
thread a: kernel {
  x;
}
`, `
t.litmus:3:4: a name alone is no statement
      x;
       ^
  expected '(' or '='`);

says('a comparison as a statement', `litmus t
thread a: kernel {
  x == 1;
}
`, `
t.litmus:3:5: '==' compares, and nothing is done with the answer
      x == 1;
        ^~
  expected '='
  assign with '='`);

says('a keyword as a name', `litmus t
bool while;
`, `
t.litmus:2:6: 'while' is a word of the language, not a name
    bool while;
         ^~~~~
  expected a name`);

says('a missing bracket', `litmus t
thread a: kernel {
  if (x && (y || z) { x = 1; }
}
`, `
t.litmus:3:21: unexpected '{' in the condition
      if (x && (y || z) { x = 1; }
                        ^
  expected ')'`);

says('an empty condition', `litmus t
thread a: kernel {
  if () { x = 1; }
  y = 1;
}
`, `
t.litmus:3:7: unexpected ')'
      if () { x = 1; }
          ^
  expected an expression`);

says('statements outside of a body', `litmus t
exporter e { x = 1; if (x) y = 1; }
dma_buf_pin(att);
`, `
t.litmus:2:14: a statement outside of a body
    exporter e { x = 1; if (x) y = 1; }
                 ^
  expected a declaration, an operation or an option
  statements stand in a thread, a work or an operation: thread main: kernel { … }
t.litmus:2:21: the statement 'if' stands outside of a body
    exporter e { x = 1; if (x) y = 1; }
                        ^~
  statements stand in a thread, a work or an operation: thread main: kernel { … }
t.litmus:3:1: a statement outside of a body
    dma_buf_pin(att);
    ^~~~~~~~~~~
  expected a declaration or a property
  statements stand in a thread, a work or an operation: thread main: kernel { … }`);

says('an int without a range', `litmus t
int n = 0;
`, `
t.litmus:2:7: an 'int' needs its range; unexpected '='
    int n = 0;
          ^
  expected 'in 0..3'
  state is finite and small: say the few values that count`);

says('an empty range', `litmus t
int n in 3..1;
`, `
t.litmus:2:13: the range 3..1 is empty
    int n in 3..1;
                ^
  write the smaller number first`);

says('an importer of nothing', `litmus t
importer gpu { speculates; }
`, `
t.litmus:2:14: unexpected '{' in 'importer'
    importer gpu { speculates; }
                 ^
  expected 'of' and the name of a buffer
  a party without a buffer is 'party NAME { … }'`);

says('a thread without a kind', `litmus t
thread a { x = 1; }
thread b: kernal { }
`, `
t.litmus:2:10: unexpected '{' after the name of thread 'a'
    thread a { x = 1; }
             ^
  expected ':'
t.litmus:3:11: thread 'b' without a kind it can have; unexpected 'kernal'
    thread b: kernal { }
              ^~~~~~
  expected user, kernel or device
  did you mean 'kernel'?`);

says('header lines', `litmus t
expect hold
expect broken N9
expect refused gpu atach -EBUSY
contract STOPP=V3, STOP=V9
position STOP=V3 claims holds
source
off 3
`, `
t.litmus:2:8: there is no verdict 'hold'
    expect hold
           ^~~~
  expected holds, vacuous, undecided, broken, deadlock, hang or refused
  did you mean 'holds'?
t.litmus:3:1: a second 'expect'
    expect broken N9
    ^~~~~~
  a scenario has one expected verdict
t.litmus:3:15: there is no kind of broken 'N9'
    expect broken N9
                  ^~
  did you mean 'N1'?
t.litmus:4:1: a second 'expect'
    expect refused gpu atach -EBUSY
    ^~~~~~
  a scenario has one expected verdict
t.litmus:4:20: there is no place of a refusal 'atach'
    expect refused gpu atach -EBUSY
                       ^~~~~
  expected attach, pin or map
  did you mean 'attach'?
t.litmus:5:10: there is no contract key 'STOPP'
    contract STOPP=V3, STOP=V9
             ^~~~~
  did you mean 'STOP'?
t.litmus:5:25: STOP has no value 'V9'
    contract STOPP=V3, STOP=V9
                            ^~
  expected V3, V1, V2k, V2b, V2h, V3t, V3p, V3i, V4, V5 or V6
  did you mean 'V3'?
t.litmus:6:18: unexpected 'claims'
    position STOP=V3 claims holds
                     ^~~~~~
  expected 'by' and a name in double quotes
t.litmus:7:7: the line ends too early
    source
          ^
  expected the source in double quotes
t.litmus:8:5: unexpected '3'
    off 3
        ^
  expected the id of an obligation, such as P3`);

says('a description at the wrong place', `litmus t
bool a;
"late"
`, `
t.litmus:3:1: unexpected string 'late'
    "late"
    ^~~~~~
  the description stands directly below the 'litmus' line, nothing before it`);

says('two scenarios in one file', `litmus t
bool a;
litmus u
`, `
t.litmus:3:1: a second 'litmus'
    litmus u
    ^~~~~~
  one file holds one scenario`);

says('a party within a party', `litmus t
exporter e { importer gpu of bar; }
`, `
t.litmus:2:14: 'importer' inside of braces
    exporter e { importer gpu of bar; }
                 ^~~~~~~~
  exporters, buffers, importers and parties stand outside`);

says('tabs and CRLF', `litmus t\r
thread a: kernel {\r
\t\tx = ;\r
}\r
`, `
t.litmus:3:7: unexpected ';'
    \t\tx = ;
    \t\t    ^
  expected an expression`);

says('a long line', `litmus t
bool ${'a'.repeat(300)}; bool = 1; bool ${'b'.repeat(300)};
`, `
t.litmus:2:313: unexpected '='
    …${'a'.repeat(43)}; bool = 1; bool ${'b'.repeat(40)}…
                                                       ^
  expected a name`);

says('names', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    dma_buf_pin(atd);
    dma_buf_pim(att);
    bra = 1;
    gpu.jop = 1;
    if (liv(map)) x = true;
    x = gpux.map;
  }
}
`, `
t.litmus:9:17: unknown name 'atd'
        dma_buf_pin(atd);
                    ^~~
  did you mean 'att'?
t.litmus:10:5: unknown call 'dma_buf_pim'
        dma_buf_pim(att);
        ^~~~~~~~~~~
  did you mean 'dma_buf_pin'?
t.litmus:11:5: unknown name 'bra'
        bra = 1;
        ^~~
  did you mean 'bar'?
t.litmus:12:5: 'gpu' has no 'jop'
        gpu.jop = 1;
        ^~~~~~~
  did you mean 'job'?
t.litmus:13:9: unknown predicate 'liv'
        if (liv(map)) x = true;
            ^~~
  did you mean 'live'?
t.litmus:14:9: unknown name 'gpux'
        x = gpux.map;
            ^~~~~~~~
  did you mean 'gpu'?`);

says('arguments', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    dma_buf_pin();
    dma_buf_pin(map);
    dma_resv_add_fence(bar, job, BOKKEEP);
    dma_resv_add_fence(bar, job, map);
    dma_buf_pin(gpu);
    x = dma_buf_unpin(att);
    dma_resv_lock(n);
  }
}
`, `
t.litmus:9:5: 'dma_buf_pin' takes 1 argument, not 0
        dma_buf_pin();
        ^~~~~~~~~~~
  it is dma_buf_pin(attachment)
t.litmus:10:17: 'map' is a mapping; 'dma_buf_pin' takes an attachment here
        dma_buf_pin(map);
                    ^~~
t.litmus:11:34: unknown name 'BOKKEEP'
        dma_resv_add_fence(bar, job, BOKKEEP);
                                     ^~~~~~~
  did you mean 'BOOKKEEP'?
t.litmus:12:34: 'map' is a mapping; 'dma_resv_add_fence' takes a usage (KERNEL, WRITE, READ, BOOKKEEP) here
        dma_resv_add_fence(bar, job, map);
                                     ^~~
t.litmus:13:17: 'gpu' is an importer; 'dma_buf_pin' takes an attachment here
        dma_buf_pin(gpu);
                    ^~~
  the attachment is gpu.att
t.litmus:14:5: 'dma_buf_unpin' returns nothing
        x = dma_buf_unpin(att);
        ^
  write dma_buf_unpin(…); alone
t.litmus:15:19: 'n' is a variable; 'dma_resv_lock' takes a lock here
        dma_resv_lock(n);
                      ^`);

says('steps and questions', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    if (dma_buf_pin(att)) x = true;
    live(map);
    if (map) x = true;
    x = job;
  }
}
`, `
t.litmus:9:9: 'dma_buf_pin' is a step, not a question
        if (dma_buf_pin(att)) x = true;
            ^~~~~~~~~~~
  write it as a statement before: ret = dma_buf_pin(…);
t.litmus:10:5: 'live' is a question and does nothing
        live(map);
        ^~~~
  use it in a condition: if (live(…)) …
t.litmus:11:9: 'map' is a mapping, not a value
        if (map) x = true;
            ^~~
  ask: live(map)
t.litmus:12:9: 'job' is a fence, not a value
        x = job;
            ^~~
  ask: signaled(job)`);

says('labels', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    goto uot;
  out:
    x = true;
  out:
    x = false;
  }
}
`, `
t.litmus:9:5: 'goto' to a label that is not here: 'uot'
        goto uot;
        ^~~~~~~~
  did you mean 'out'?
t.litmus:10:3: no 'goto' leads to the label 'out'
      out:
      ^~~
  remove it
t.litmus:12:3: a second label 'out'
      out:
      ^~~
  the first is on line 10`);

says('loops', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    while (1) { }
    while (x) { if (n > 1) continue; n++; }
  again:
    if (x) goto again;
    break;
  }
}
`, `
t.litmus:9:5: unbounded loop without a step
        while (1) { }
        ^~~~~
  every way round needs a call, an assignment or a wait; 'wait(…);' waits for a condition
t.litmus:10:5: unbounded loop without a step
        while (x) { if (n > 1) continue; n++; }
        ^~~~~
  every way round needs a call, an assignment or a wait; 'wait(…);' waits for a condition
t.litmus:11:3: unbounded loop without a step
      again:
      ^
  every way round needs a call, an assignment or a wait; 'wait(…);' waits for a condition
t.litmus:13:5: 'break' outside of a loop
        break;
        ^~~~~
  goto leaves other constructs`);

says('atomic and ioctl', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    atomic { x = true; wait(x); dma_buf_pin(att); }
    ioctl A { ioctl B { x = true; } }
  }
}
`, `
t.litmus:9:24: 'wait' is not first in 'atomic'
        atomic { x = true; wait(x); dma_buf_pin(att); }
                           ^~~~
  one step waits before it does anything: move it to the head
t.litmus:9:33: the call 'dma_buf_pin' cannot stand in 'atomic', which is one step
        atomic { x = true; wait(x); dma_buf_pin(att); }
                                    ^~~~~~~~~~~
  only assignments, 'if', 'assert', jumps and one leading 'wait' can
t.litmus:10:15: an 'ioctl' inside of another
        ioctl A { ioctl B { x = true; } }
                  ^~~~~
  a thread is in one call at a time`);

says('ranges', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
int m in 1..3 = 0;
bool y = 2;
int z in 0..100000 = 0;
int w in 0..2 = n;
int v in 0..2 = true;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    n = 7;
    x = 2;
  }
}
`, `
t.litmus:6:17: 0 is outside of 'm', which is 1..3
    int m in 1..3 = 0;
                    ^
  widen its range, or mend the number
t.litmus:7:10: 2 is outside of 'y', which is a bool
    bool y = 2;
             ^
  declare it as 'int'
t.litmus:8:5: 'z' has too many values
    int z in 0..100000 = 0;
        ^
  at most 65536, and a few is best
t.litmus:9:17: the initial value of 'w' is not written out
    int w in 0..2 = n;
                    ^
  give a number, true or false
t.litmus:10:17: 'v' is an int and starts as a truth value
    int v in 0..2 = true;
                    ^~~~
  give a number, or declare it as 'bool'
t.litmus:14:9: 7 is outside of 'n', which is 0..3
        n = 7;
            ^
  widen its range, or mend the number
t.litmus:15:9: 2 is outside of 'x', which is a bool
        x = 2;
            ^
  declare it as 'int'`);

says('errno', `litmus t
exporter vfio: vfio_pci;
buffer bar of vfio;
bool x;
int n in 0..3 = 0;
importer gpu of bar {
  fence job by hardware;
  thread a: kernel {
    return -ENODEVV;
  }
}
`, `
t.litmus:9:12: the model knows no errno 'ENODEVV'
        return -ENODEVV;
               ^~~~~~~~
  did you mean 'ENODEV'?`);

says('declared twice', `litmus t
bool a;
mutex a;
bool ret;
exporter e { bool b; bool b; map { } map { } }
always p: a;
always p: !a;
`, `
t.litmus:3:7: 'a' is declared twice
    mutex a;
          ^
  the first is on line 2
t.litmus:4:6: 'ret' cannot be declared: it has a meaning everywhere
    bool ret;
         ^~~
  choose another name
t.litmus:5:27: 'b' is declared twice
    exporter e { bool b; bool b; map { } map { } }
                              ^
  the first is on line 5
t.litmus:5:38: operation 'map' is declared twice
    exporter e { bool b; bool b; map { } map { } }
                                         ^~~
  the first is on line 5
t.litmus:7:1: a second property 'p'
    always p: !a;
    ^
  the first is on line 6`);

says('missing parties', `litmus t
expect broken by gpx
off P3, P99
exporter vfio: vfio_pci;
buffer bar of vfoi;
buffer two of vfio;
importer gpu of bra;
importer nic of vfio;
work w on wq { }
`, `
t.litmus:2:1: 'expect' names an unknown party 'gpx'
    expect broken by gpx
    ^~~~~~
  did you mean 'gpu'?
t.litmus:3:9: there is no obligation 'P99'
    off P3, P99
            ^~~
  did you mean 'P9'?
t.litmus:5:8: 'bar' needs the exporter 'vfoi', which is missing
    buffer bar of vfoi;
           ^~~
  did you mean 'vfio'?
t.litmus:7:10: 'gpu' needs the buffer 'bra', which is missing
    importer gpu of bra;
             ^~~
  did you mean 'bar'?
t.litmus:8:10: 'nic' needs 'vfio' to be a buffer
    importer nic of vfio;
             ^~~
  declare it: buffer vfio of EXPORTER;
t.litmus:9:6: 'w' needs the workqueue 'wq', which is missing
    work w on wq { }
         ^
  declare it: workqueue wq;`);

says('families', `litmus t
exporter e: vfio_pci;
buffer bar of e;
importer nic[2] of bar { bool s; invalidate_mappings { nic.s = true; } }
importer one of bar;
thread a: kernel {
  nic.s = true;
  nic[2].s = true;
  one[0].map = 1;
  for (i in nix) { i.s = true; }
  for (i in nic) { i.t = true; }
  bar.x.y = 1;
}
`, `
t.litmus:7:3: 'nic' is a family of 2: which instance?
      nic.s = true;
      ^~~~~
  write nic[0], or for (i in nic) { … }
t.litmus:8:3: 'nic' has instances 0 to 1 only
      nic[2].s = true;
      ^~~~~~~~
t.litmus:9:3: 'one' is no family: it has no instance to choose
      one[0].map = 1;
      ^~~~~~~~~~
  write 'one' without an index
t.litmus:10:3: unknown family 'nix'
      for (i in nix) { i.s = true; }
      ^~~
  did you mean 'nic'?
t.litmus:11:20: 'i' has no 't'
      for (i in nic) { i.t = true; }
                       ^~~
t.litmus:12:3: 'bar' has no 'x'
      bar.x.y = 1;
      ^~~~~~~`);

says('options', `litmus t
fence job by hardware timeuot;
exporter e { fenc job by hardware; }
`, `
t.litmus:2:23: unknown word 'timeuot' for a fence
    fence job by hardware timeuot;
                          ^~~~~~~
  did you mean 'timeout'?
t.litmus:3:14: 'fenc' starts no declaration
    exporter e { fenc job by hardware; }
                 ^~~~
  did you mean 'fence'?`);
