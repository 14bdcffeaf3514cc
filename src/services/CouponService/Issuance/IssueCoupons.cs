using System.Data.Common;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;

namespace FirstCome.CouponService.Issuance;

/// <summary>What became of a batch.</summary>
/// <param name="Made">Rows the database says it has written; the rest were replays.</param>
internal sealed record IssuedBatch(int Made, int Replayed, IReadOnlyList<DeadLetter> DeadLetters);

/// <summary>Turns records of <c>coupon.issued</c> into coupons: one transaction a batch, and a replay changes nothing.</summary>
internal sealed class IssueCoupons(Database database, TimeProvider time, IssuanceMetrics metrics, ILogger<IssueCoupons> logger)
{
    /// <summary>Makes the coupons of a batch. When it returns they are committed, and so is every record that none could be made of.</summary>
    public async Task<IssuedBatch> HandleAsync(IReadOnlyList<ConsumedRecord> records, CancellationToken cancellationToken)
    {
        var parsed = new IssuedRecord[records.Count];
        for (var i = 0; i < parsed.Length; i++) { parsed[i] = IssuedRecord.Parse(records[i].Position, records[i].Value); }
        var batch = await database.WriteAsync((connection, transaction, token) => IssueAsync(connection, transaction, parsed, token), cancellationToken);
        Tell(batch);
        return batch;
    }

    /// <summary>The work within a transaction; used again for records whose campaign came later.</summary>
    public async Task<IssuedBatch> IssueAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<IssuedRecord> records, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var letters = new List<DeadLetter>();
        var coupons = new List<NewCoupon>(records.Count);
        var terms = new Dictionary<Guid, CampaignTerms?>();
        foreach (var record in records)
        {
            if (record.Message is not { } issued)
            {
                letters.Add(new DeadLetter(record, DeadLetterReason.Malformed, record.Fault ?? ""));
                continue;
            }
            if (!terms.TryGetValue(issued.CampaignId, out var campaign))
            {
                campaign = await CampaignTerms.ReadAsync(connection, transaction, database.Dialect, issued.CampaignId, cancellationToken);
                terms[issued.CampaignId] = campaign;
            }
            if (campaign is null) { letters.Add(new DeadLetter(record, DeadLetterReason.CampaignUnknown, "Its campaign is not known here yet.")); }
            else { coupons.Add(new NewCoupon(record, issued, campaign.Version, CouponExpiry.Of(campaign.Validity, issued.IssuedAt, campaign.Zone))); }
        }
        var (written, conflicts) = await CouponInsert.RunAsync(connection, transaction, database.Dialect, coupons, now, cancellationToken);
        letters.AddRange(conflicts.Select(coupon =>
            new DeadLetter(coupon.Record, DeadLetterReason.Conflict, "Another coupon has its member and nth, its sequence or its code.")));
        await DeadLetter.KeepAsync(connection, transaction, database.Dialect, letters, now, cancellationToken);
        return new IssuedBatch(written, coupons.Count - written - conflicts.Count, letters);
    }

    /// <summary>Counts and reports a batch that is committed.</summary>
    public void Tell(IssuedBatch batch)
    {
        metrics.Count(batch);
        foreach (var (record, reason, detail) in batch.DeadLetters)
        {
            IssuanceLog.RecordDeadLettered(logger, record.Position.Partition, record.Position.Offset, reason, detail);
        }
    }
}
