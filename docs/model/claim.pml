/* The claim protocol as a Promela model for SPIN: gate (Redis), log (Kafka), ledger (MySQL), rebuild by generations. README.md beside this file
 * tells which class each step is, what each property says and what is explored.
 *
 * Members claim coupons of one campaign, as often as they like and under KEYS idempotency keys, through one or two instances, while Redis restarts with an old file,
 * is flushed, or is cut off from its replica and goes on answering, producers send late or die with a record unsent, an operator raises the quota, places are released,
 * and two rebuilders race and freeze between any two steps. Each d_step is one script, one append, or one database transaction.
 * Each WITHOUT_… switch takes one mechanism away and must break an assertion. */
#ifndef MEMBERS
#define MEMBERS 2
#endif
#ifndef QUOTA
#define QUOTA 1
#endif
#ifndef GENERATIONS
#define GENERATIONS 3
#endif
#ifndef FAULTS
#define FAULTS 1 /* restarts with an old file, and flushes */
#endif
#ifndef INSTANCES
#define INSTANCES 1
#endif
#ifndef REBUILDERS
#define REBUILDERS 2
#endif
#ifndef RECORDS
#define RECORDS 4 /* bounds each partition of the log, and the numbers */
#endif
#ifndef PARTITIONS
#define PARTITIONS 1
#endif
#ifndef KEYS
#define KEYS 1 /* idempotency keys of a member */
#endif
#ifndef PER_MEMBER
#define PER_MEMBER 1 /* coupons of a member; each has an nth */
#endif
#ifndef RAISES
#define RAISES 0
#endif
#ifndef RELEASES
#define RELEASES 0
#endif
#define NUMBERS RECORDS
#define VOID 99
#define SLOTS (MEMBERS * PER_MEMBER)
#define SLOT(member, nth) (((member) - 1) * PER_MEMBER + (nth))
#define MEMBER_OF(slot) (((slot) - 1) / PER_MEMBER + 1)
#define CLAIM(member, key) (((member) - 1) * KEYS + (key))

/* Redis: its process, its keys, and a file with older keys. generation 0: no gate. redis[1] is a master that was cut off from its replica; process[…] are the processes. */
typedef Gate {
  byte generation; byte openedOn; byte rebuilding; byte rebuildOn; byte next; byte quota; byte released;
  byte sequence[SLOTS + 1]; byte key[SLOTS + 1]; bit logged[SLOTS + 1] }
#ifdef CUT_OFF
#define SERVERS 2
#define PICK since = cutOff; if :: via = 0 :: cutOff -> via = 1 fi
/* A server whose replica still follows it: the old master's has left it, the new master gets one of its own. What was written before the promotion is asked of the old one. */
#define FOLLOWED (via == 0 && since == cutOff)
Gate replica; bit cutOff;
#else
#define SERVERS 1
#define PICK skip
#endif
Gate redis[SERVERS]; byte process[SERVERS]; Gate file; byte faults; byte processes = 1;
#define GATE redis[via]
#ifdef WITHOUT_RUN_ID
#define OPEN (GATE.generation != 0 && GATE.rebuilding == 0)
#else
#define OPEN (GATE.generation != 0 && GATE.rebuilding == 0 && GATE.openedOn == process[via])
#endif

/* Keys that a rebuild prepares, named by generation. */
typedef Prepared { bit ready; byte next; byte quota; byte released; byte sequence[SLOTS + 1]; byte key[SLOTS + 1] }
Prepared prepared[GENERATIONS + 1];

/* The log, and what each instance's producer has not sent yet: it may be sent at any time, also after its caller gave up. */
typedef Record { byte slot; byte key; byte sequence; byte generation }
Record log[PARTITIONS * RECORDS]; byte logEnd[PARTITIONS]; Record unsent[3]; bit acknowledged[3];

/* The ledger. A cut is an end offset plus one; 0: none. */
byte generation = 1; byte cut[(GENERATIONS + 1) * PARTITIONS]; byte consumed[PARTITIONS];
byte row[NUMBERS + 1]; byte rowOf[SLOTS + 1]; byte rowKey[SLOTS + 1]; byte rows; byte quota = QUOTA; byte released; bit releasedNumber[NUMBERS + 1]; byte releasedNumbers;
#define CUT(generation, partition) cut[(generation) * PARTITIONS + (partition)]
#if PARTITIONS > 1
#define DRAINED (consumed[0] == logEnd[0] && consumed[1] == logEnd[1])
#else
#define DRAINED (consumed[0] == logEnd[0])
#endif

/* What was said: numbers, the limit at which "sold out" was said, and the raises and releases that were answered. */
byte told[MEMBERS * KEYS + 1]; byte saidSoldOut; byte answeredRaises; byte answeredReleases;
#ifdef LEDGER_ALONE /* whatever a gate says, the ledger's own rules hold */
#define promise(who, what) skip
#define deadLetter skip
#else
inline promise(who, what) { assert(told[who] == 0 || told[who] == what); told[who] = what }
#define deadLetter assert(false)
#endif

inline sayNothing() { sequence = 0; slot = 0; i = 0; winners = 0; allLogged = 0 }

proctype instance(byte id) {
  byte member, key, slot, sequence, under, i, winners, via, limit; bit allLogged, marked, since;
again:
  atomic { /* a claim of anybody, on a server that answers this instance */
    if :: member = 1
#if MEMBERS > 1
       :: member = 2
#endif
#if MEMBERS > 2
       :: member = 3
#endif
    fi;
    if :: key = 1
#if KEYS > 1
       :: key = 2
#endif
    fi; PICK }
  d_step { /* ClaimQueue.DecideAsync → CampaignGate.ClaimAsync: ClaimScript */
    sayNothing(); under = 0; marked = 0; limit = 0;
    if
    :: !OPEN /* recovering */
    :: else ->
       i = 1;
       do :: i <= PER_MEMBER ->
#ifndef WITHOUT_KEYS_IN_THE_GATE
             if :: GATE.sequence[SLOT(member, i)] != 0 && GATE.key[SLOT(member, i)] == key -> slot = SLOT(member, i) :: else fi;
#endif
             i++
          :: else -> break od;
       if
       :: slot != 0 ->
          sequence = GATE.sequence[slot];
#ifdef WITHOUT_WAITING_FOR_THE_LOG
          promise(CLAIM(member, key), sequence); sayNothing()
#else
          if
          :: GATE.logged[slot] ->
#if defined(CUT_OFF) && !defined(WITHOUT_WAIT)
             marked = 1; under = GATE.generation /* a repeat waits for the replicas too */
#else
             promise(CLAIM(member, key), sequence); sayNothing()
#endif
          :: else -> under = GATE.generation
          fi
#endif
       :: else ->
          winners = 0; allLogged = 1; i = SLOTS;
          do :: i > 0 -> if :: GATE.sequence[i] != 0 -> winners++; if :: !GATE.logged[i] -> allLogged = 0 :: else fi :: else fi; i-- :: else -> break od;
          i = PER_MEMBER;
          do :: i > 0 -> if :: GATE.sequence[SLOT(member, i)] == 0 -> slot = SLOT(member, i) :: else fi; i-- :: else -> break od;
          if
          :: slot == 0 /* limit reached */
          :: slot != 0 && winners >= GATE.quota + GATE.released ->
             if
#ifndef WITHOUT_WAITING_FOR_OTHERS
             :: !allLogged /* cannot be said yet */
#endif
             :: else ->
                assert(winners >= QUOTA + answeredRaises + answeredReleases);
#if defined(CUT_OFF) && !defined(WITHOUT_WAIT_FOR_REFUSALS)
                limit = GATE.quota + GATE.released; under = GATE.generation /* a refusal waits for the replicas too */
#else
                if :: saidSoldOut < GATE.quota + GATE.released -> saidSoldOut = GATE.quota + GATE.released :: else fi
#endif
             fi; sayNothing()
          :: slot != 0 && winners < GATE.quota + GATE.released && GATE.next <= NUMBERS ->
             sequence = GATE.next; GATE.next++; GATE.sequence[slot] = sequence; GATE.key[slot] = key; GATE.logged[slot] = 0; under = GATE.generation
          :: else -> sayNothing()
          fi
       fi
    fi; i = 0; winners = 0; allLogged = 0 }
#ifdef CUT_OFF
  if :: marked -> goto confirm :: limit > 0 -> goto refuse :: else fi;
#endif
  if :: sequence == 0 -> goto again :: else fi;
  d_step { unsent[id].slot == 0 -> /* ClaimLog.PublishAsync, or SweepUnlogged for a reservation whose caller is gone */
    unsent[id].slot = slot; unsent[id].key = key; unsent[id].sequence = sequence; unsent[id].generation = under; acknowledged[id] = 0 }
  if
  :: acknowledged[id]
  :: goto again                                    /* 503; the record may still be sent */
  :: d_step { unsent[id].slot = 0 }; goto again    /* the process dies with it */
  fi;
  PICK;
  d_step { /* ClaimLog.MarkAsync → CampaignGate.MarkAsync: MarkScript; then 202 */
    if
#ifdef WITHOUT_CONFIRMATION
    :: true -> if :: GATE.sequence[slot] == sequence -> GATE.logged[slot] = 1 :: else fi; promise(CLAIM(member, key), sequence)
#else
    :: OPEN && GATE.generation == under && GATE.sequence[slot] == sequence -> GATE.logged[slot] = 1;
#if defined(CUT_OFF) && !defined(WITHOUT_WAIT)
       marked = 1
#else
       promise(CLAIM(member, key), sequence)
#endif
    :: else
#endif
    fi }
#ifdef CUT_OFF
confirm: /* WAIT: the replica has what this connection wrote; no replica answers a master that was cut off */
  if
  :: d_step { marked && FOLLOWED && replica.generation == under && replica.sequence[slot] == sequence && replica.logged[slot] ->
       promise(CLAIM(member, key), sequence) }
  :: true /* 503 */
  fi;
  goto again;
refuse: /* the same for "sold out": the replica has every one of the winners, and their marks */
  if
  :: d_step { FOLLOWED && replica.generation == under ->
       i = SLOTS; do :: i > 0 -> if :: replica.sequence[i] != 0 && replica.logged[i] -> winners++ :: else fi; i-- :: else -> break od;
       if :: winners >= limit && saidSoldOut < limit -> saidSoldOut = limit :: else fi }
  :: true /* asked again, or 503 */
  fi;
#endif
  goto again
}

inline send(id, partition) {
  log[partition * RECORDS + logEnd[partition]].slot = unsent[id].slot; log[partition * RECORDS + logEnd[partition]].key = unsent[id].key;
  log[partition * RECORDS + logEnd[partition]].sequence = unsent[id].sequence; log[partition * RECORDS + logEnd[partition]].generation = unsent[id].generation;
  logEnd[partition]++; unsent[id].slot = 0; unsent[id].key = 0; unsent[id].sequence = 0; unsent[id].generation = 0; acknowledged[id] = 1 }

active proctype producers() { /* IEventLog.ProduceAsync; any partition: one may be added at any time */
  do
  :: d_step { unsent[1].slot != 0 && logEnd[0] < RECORDS -> send(1, 0) }
#if PARTITIONS > 1
  :: d_step { unsent[1].slot != 0 && logEnd[1] < RECORDS -> send(1, 1) }
#endif
#if INSTANCES > 1
  :: d_step { unsent[2].slot != 0 && logEnd[0] < RECORDS -> send(2, 0) }
#if PARTITIONS > 1
  :: d_step { unsent[2].slot != 0 && logEnd[1] < RECORDS -> send(2, 1) }
#endif
#endif
  od
}

#define RECORD log[partition * RECORDS + consumed[partition]]
#ifdef WITHOUT_CUTS_PER_PARTITION
#define CUT_FOR(later) CUT(later, 0)
#else
#define CUT_FOR(later) CUT(later, partition)
#endif
inline record(partition) { /* LedgerBatch.WriteAsync */
  slot = RECORD.slot; sequence = RECORD.sequence; later = RECORD.generation + 1; stale = 0; keyTaken = 0;
  do :: later <= generation && CUT(later, 0) == 0 -> later++ :: else -> break od; /* Staleness.IsStale: the first later generation that has cuts */
#ifndef WITHOUT_DROPPING_STALE
  if :: later <= generation && consumed[partition] + 1 >= CUT_FOR(later) -> stale = 1 :: else fi;
#endif
#ifndef WITHOUT_UNIQUE_KEYS
  i = 1; do :: i <= PER_MEMBER ->
       if :: SLOT(MEMBER_OF(slot), i) != slot && rowKey[SLOT(MEMBER_OF(slot), i)] == RECORD.key -> keyTaken = 1 :: else fi; i++ :: else -> break od;
#endif
  if
  :: stale
  :: !stale && row[sequence] == slot
  :: !stale && row[sequence] == 0 && rowOf[slot] == 0 && !keyTaken && rows < quota + released -> row[sequence] = slot; rowOf[slot] = sequence; rowKey[slot] = RECORD.key; rows++
  :: else -> deadLetter /* one that the protocol itself made */
  fi; consumed[partition]++; slot = 0; sequence = 0; later = 0; stale = 0; keyTaken = 0; i = 0 }

active proctype worker() {
  byte slot, sequence, later, i; bit stale, keyTaken;
  do
  :: d_step { consumed[0] < logEnd[0] -> record(0) }
#if PARTITIONS > 1
  :: d_step { consumed[1] < logEnd[1] -> record(1) }
#endif
  od
}

proctype rebuilder() { /* RebuildGate.RunAsync, by its numbered steps */
  byte mine, i, highest, via; bit since; byte ends[PARTITIONS]; bit goOn;
  do
  :: d_step { generation < GENERATIONS -> generation++; mine = generation; goOn = 0 }                                       /* (1) RaiseGenerationAsync */
     PICK;
     d_step { if :: GATE.generation < mine && GATE.rebuilding < mine -> GATE.rebuilding = mine; GATE.rebuildOn = process[via]; goOn = 1 :: else fi } /* (2) RebuildScripts.Close */
     if :: !goOn -> goto next :: else fi;
#if defined(CUT_OFF) && !defined(WITHOUT_WAIT_BEFORE_THE_CUT)
     if :: FOLLOWED && replica.rebuilding >= mine :: goto next fi;                                                          /*     Replicas.HaveAsync: a master that was cut off cuts nothing */
#endif
     ends[0] = logEnd[0];                                                                                                   /* (3) IEventLog.FenceAsync */      
#if PARTITIONS > 1
     ends[1] = logEnd[1];
#endif
     d_step { if                                                                                                            /*     StoreCutsAsync */
#ifndef WITHOUT_OWNING_THE_CUT
       :: generation != mine -> goOn = 0
#endif
       :: else -> CUT(mine, 0) = ends[0] + 1; ends[0] = 0;
#if PARTITIONS > 1
          CUT(mine, 1) = ends[1] + 1; ends[1] = 0;
#endif
       fi }
     if :: !goOn -> goto next :: else fi;
#if PARTITIONS > 1
     (consumed[0] + 1 >= CUT(mine, 0) && consumed[1] + 1 >= CUT(mine, 1));                                                  /* (4) ConsumedAsync */
#else
     (consumed[0] + 1 >= CUT(mine, 0));
#endif
     d_step { /* (5) VoidMissingAsync, LoadAsync */
       highest = 0; i = 1; do :: i <= NUMBERS -> if :: row[i] != 0 -> highest = i :: else fi; i++ :: else -> break od;
       i = 1; do :: i < highest -> if :: row[i] == 0 -> row[i] = VOID :: else fi; i++ :: else -> break od;
       i = 1; do :: i <= SLOTS ->
            prepared[mine].sequence[i] = rowOf[i];
#ifndef WITHOUT_KEYS_IN_THE_REBUILD
            prepared[mine].key[i] = rowKey[i];
#endif
            i++ :: else -> break od;
       prepared[mine].quota = quota; prepared[mine].released = released; prepared[mine].next = highest + 1; prepared[mine].ready = 1; i = 0; highest = 0 }
     PICK;
     d_step { /* (6) RebuildScripts.Open */
       if
       :: GATE.rebuilding == mine && GATE.rebuildOn == process[via] && prepared[mine].ready ->
          GATE.generation = mine; GATE.openedOn = process[via]; GATE.rebuilding = 0; GATE.next = prepared[mine].next;
          GATE.quota = prepared[mine].quota; GATE.released = prepared[mine].released; i = 1;
          do :: i <= SLOTS ->
               GATE.sequence[i] = prepared[mine].sequence[i]; GATE.key[i] = prepared[mine].key[i]; GATE.logged[i] = (prepared[mine].sequence[i] != 0); i++
             :: else -> break od; i = 0
       :: else
       fi }
next: via = 0
  od
}

/* ConfigureScript: what was released never falls. */
inline configureReleased(count) {
#ifdef WITHOUT_KEEPING_THE_GREATER
  GATE.released = count
#else
  if :: GATE.released < count -> GATE.released = count :: else fi
#endif
}

#if RAISES > 0
proctype operator() { /* OrderGate.ApplyAsync */
  byte raised, toQuota, knownReleased, via;
  do
  :: d_step { raised < RAISES -> raised++; toQuota = quota + 1; knownReleased = released }
#ifdef WITHOUT_LEDGER_FIRST
     d_step { OPEN -> GATE.quota = toQuota; configureReleased(knownReleased) };
     quota = toQuota; answeredRaises++
#else
     quota = toQuota;                                                                                   /* OrderGate.WriteAsync */
     d_step { OPEN -> GATE.quota = toQuota; configureReleased(knownReleased); answeredRaises++ }        /* CampaignGate.ConfigureAsync; sent again until the gate is open */
#endif
  od
}
#endif

#if RELEASES > 0
proctype releaser() { /* ReleasePlace.RunAsync; anything may be sent again */
  byte number, count, via;
  do
  :: number < NUMBERS -> number++
  :: number > 1 -> number--
  :: d_step { number > 0 && row[number] != 0 && row[number] != VOID && (releasedNumber[number] || releasedNumbers < RELEASES) && released < 2 * RELEASES + 1 ->
       if :: !releasedNumber[number] -> releasedNumber[number] = 1; releasedNumbers++; released++
#ifdef WITHOUT_COUNTING_ONCE
          :: else -> released++
#else
          :: else
#endif
       fi; count = released }
     if
     :: d_step { OPEN -> configureReleased(count); if :: answeredReleases < releasedNumbers && answeredReleases < count -> answeredReleases = count :: else fi; count = 0 }
     :: count = 0 /* the gate is closed, or the answer is lost */
     fi
  od
}
#endif

inline copyGate(to, from) {
  to.generation = from.generation; to.openedOn = from.openedOn; to.rebuilding = from.rebuilding; to.rebuildOn = from.rebuildOn; to.next = from.next;
  to.quota = from.quota; to.released = from.released; i = 1;
  do :: i <= SLOTS -> to.sequence[i] = from.sequence[i]; to.key[i] = from.key[i]; to.logged[i] = from.logged[i]; i++ :: else -> break od; i = 0 }

proctype faultsOfRedis() {
  byte i;
  do
#if FAULTS > 0
  :: d_step { faults < FAULTS -> copyGate(file, redis[0]) }                                             /* a file is saved, or a replica falls behind here */
  :: d_step { faults < FAULTS -> faults++; processes++; process[0] = processes; copyGate(redis[0], file) }  /* another process with older keys: restart, failover, roll-back */
  :: d_step { faults < FAULTS -> faults++;                                                              /* FLUSHALL: the same process */
       redis[0].generation = 0; redis[0].openedOn = 0; redis[0].rebuilding = 0; redis[0].rebuildOn = 0; redis[0].next = 0; redis[0].quota = 0; redis[0].released = 0; i = 1;
       do :: i <= SLOTS -> redis[0].sequence[i] = 0; redis[0].key[i] = 0; redis[0].logged[i] = 0; i++ :: else -> break od; i = 0 }
#endif
#ifdef CUT_OFF
  :: d_step { copyGate(replica, redis[0]) }                                                             /* the replica catches up; after the promotion it is the new master's */
  :: d_step { !cutOff -> cutOff = 1; copyGate(redis[1], redis[0]); process[1] = process[0];                     /* it is promoted; the old master goes on answering */
       copyGate(redis[0], replica); processes++; process[0] = processes }
#endif
  :: false
  od
}

active proctype audit() {
  byte i, j;
  do
  :: d_step { DRAINED ->
#ifndef LEDGER_ALONE
       i = 1; do :: i <= MEMBERS * KEYS ->
            assert(told[i] == 0 || (row[told[i]] != 0 && row[told[i]] != VOID && MEMBER_OF(row[told[i]]) == (i - 1) / KEYS + 1 && rowKey[row[told[i]]] == (i - 1) % KEYS + 1)); i++
          :: else -> break od;
       assert(rows >= saidSoldOut);
#endif
       assert(rows <= quota + releasedNumbers);
       i = 1; do :: i <= SLOTS ->
            j = i + 1;
            do :: j <= SLOTS -> assert(rowKey[i] == 0 || rowKey[i] != rowKey[j] || MEMBER_OF(i) != MEMBER_OF(j)); j++ :: else -> break od;
            i++ :: else -> break od; i = 0; j = 0 }
  od
}

init {
  atomic {
    process[0] = 1; redis[0].generation = 1; redis[0].openedOn = 1; redis[0].next = 1; redis[0].quota = QUOTA; CUT(1, 0) = 1;
#if PARTITIONS > 1
    CUT(1, 1) = 1;
#endif
#ifdef CUT_OFF
    replica.generation = 1; replica.openedOn = 1; replica.next = 1; replica.quota = QUOTA;
#endif
    run instance(1);
#if INSTANCES > 1
    run instance(2);
#endif
#if REBUILDERS > 0
    run rebuilder();
#endif
#if REBUILDERS > 1
    run rebuilder();
#endif
#if RAISES > 0
    run operator();
#endif
#if RELEASES > 0
    run releaser();
#endif
    run faultsOfRedis() }
}
