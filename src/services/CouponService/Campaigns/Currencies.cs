using System.Collections.Frozen;

namespace FirstCome.CouponService.Campaigns;

/// <summary>The currencies of ISO 4217 that money is counted in (funds, metals and test codes left out), each with its number of minor digits.</summary>
internal static class Currencies
{
    /// <summary>The greatest amount, in whole units of the currency: far above any coupon or order, far below what would overflow.</summary>
    public const long UnitsMax = 1_000_000_000;

    private const string WithoutMinor = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    private const string WithThreeDigits = "BHD IQD JOD KWD LYD OMR TND";
    private const string WithTwoDigits =
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS " +
        "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR " +
        "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG " +
        "YER ZAR ZMW ZWG";

    private static readonly FrozenDictionary<string, long> s_minorMax = Each(WithoutMinor, 1).Concat(Each(WithTwoDigits, 100)).Concat(Each(WithThreeDigits, 1_000))
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>False for what is no currency here; otherwise the greatest amount, in its minor unit.</summary>
    public static bool TryGetMinorMax(string? code, out long minorMax)
    {
        minorMax = 0;
        return code is { Length: 3 } && s_minorMax.TryGetValue(code, out minorMax);
    }

    private static IEnumerable<KeyValuePair<string, long>> Each(string codes, long minorPerUnit) => codes.Split(' ').Select(code => KeyValuePair.Create(code, UnitsMax * minorPerUnit));
}
