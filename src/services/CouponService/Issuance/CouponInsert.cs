using System.Data.Common;
using System.Text;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Issuance;

/// <summary>A coupon to be made.</summary>
internal readonly record struct NewCoupon(IssuedRecord Record, CouponIssued Issued, int TermsVersion, DateTimeOffset ExpiresAt);

/// <summary>
/// Writes coupons in multi-row statements that keep what is there, and reads them back.
/// Commands are raw and used again: these are the only statements of the service that write thousands of rows a second.
/// </summary>
internal sealed class CouponInsert : IDisposable
{
    private const int ColumnsBound = 8;

    private readonly DbCommand _insert;
    private readonly DbCommand _readBack;

    private CouponInsert(DbCommand insert, DbCommand readBack) => (_insert, _readBack) = (insert, readBack);

    /// <summary>Inserts the coupons. Returns how many rows the database says it has written, and those in whose place another coupon stands.</summary>
    public static async Task<(int Written, IReadOnlyList<NewCoupon> Conflicts)> RunAsync(
        DbConnection connection, DbTransaction transaction, SqlDialect dialect, IReadOnlyList<NewCoupon> coupons, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var written = 0;
        var conflicts = new List<NewCoupon>();
        CouponInsert? statement = null;
        try
        {
            for (var start = 0; start < coupons.Count;)
            {
                var rows = Math.Min(dialect.RowsPerStatement, coupons.Count - start);
                if (statement is null || rows < dialect.RowsPerStatement)
                {
                    statement?.Dispose();
                    statement = Prepare(connection, transaction, dialect, rows, now);
                }
                written += await statement.InsertAsync(coupons, start, rows, cancellationToken);
                await statement.ReadBackAsync(coupons, start, rows, conflicts, cancellationToken);
                start += rows;
            }
        }
        finally { statement?.Dispose(); }
        return (written, conflicts);
    }

    public void Dispose()
    {
        _insert.Dispose();
        _readBack.Dispose();
    }

    private static CouponInsert Prepare(DbConnection connection, DbTransaction transaction, SqlDialect dialect, int rows, DateTimeOffset now)
    {
        var values = new StringBuilder();
        var codes = new StringBuilder();
        for (var i = 0; i < rows; i++)
        {
            values.Append(i == 0 ? "" : ", ").Append(null, $"(@a{i}, @b{i}, @c{i}, @d{i}, @e{i}, 1, @f{i}, @g{i}, @h{i}, @now, 1)");
            codes.Append(i == 0 ? "" : ", ").Append(null, $"@a{i}");
        }
        var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = $"""
            INSERT INTO coupon (code, campaign_id, member_id, nth, sequence, state, terms_version, issued_at, expires_at, made_at, version)
            VALUES {values}{dialect.KeepExisting("version")}
            """;
        for (var i = 0; i < rows; i++)
        {
            foreach (var column in "abcdefgh") { Add(insert, $"@{column}{i}", null); }
        }
        Add(insert, "@now", now.ToUnixTimeMilliseconds());
        var readBack = connection.CreateCommand();
        readBack.Transaction = transaction;
        readBack.CommandText = $"SELECT code, campaign_id, member_id, nth, sequence FROM coupon WHERE code IN ({codes})";
        for (var i = 0; i < rows; i++) { Add(readBack, $"@a{i}", null); }
        return new CouponInsert(insert, readBack);
    }

    private Task<int> InsertAsync(IReadOnlyList<NewCoupon> coupons, int start, int rows, CancellationToken cancellationToken)
    {
        for (var i = 0; i < rows; i++)
        {
            var (_, issued, termsVersion, expiresAt) = coupons[start + i];
            var first = i * ColumnsBound;
            _insert.Parameters[first].Value = issued.Code;
            _insert.Parameters[first + 1].Value = issued.CampaignId.ToByteArray(bigEndian: true);
            _insert.Parameters[first + 2].Value = issued.MemberId.ToByteArray(bigEndian: true);
            _insert.Parameters[first + 3].Value = issued.Nth;
            _insert.Parameters[first + 4].Value = issued.Sequence;
            _insert.Parameters[first + 5].Value = termsVersion;
            _insert.Parameters[first + 6].Value = issued.IssuedAt.ToUnixTimeMilliseconds();
            _insert.Parameters[first + 7].Value = expiresAt.ToUnixTimeMilliseconds();
        }
        return _insert.ExecuteNonQueryAsync(cancellationToken);
    }

    // Whatever stands under the code must be this very coupon: then it was made now or is a replay. Anything else is told, never dropped.
    private async Task ReadBackAsync(IReadOnlyList<NewCoupon> coupons, int start, int rows, List<NewCoupon> conflicts, CancellationToken cancellationToken)
    {
        for (var i = 0; i < rows; i++) { _readBack.Parameters[i].Value = coupons[start + i].Issued.Code; }
        var found = new Dictionary<string, (Guid Campaign, Guid Member, int Nth, long Sequence)>(rows, StringComparer.Ordinal);
        await using var reader = await _readBack.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found[reader.GetString(0)] = (Id(reader, 1), Id(reader, 2), reader.GetInt32(3), reader.GetInt64(4));
        }
        for (var i = start; i < start + rows; i++)
        {
            var issued = coupons[i].Issued;
            var same = found.TryGetValue(issued.Code, out var row) && row == (issued.CampaignId, issued.MemberId, issued.Nth, issued.Sequence);
            if (!same) { conflicts.Add(coupons[i]); }
        }
    }

    private static Guid Id(DbDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    private static void Add(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
