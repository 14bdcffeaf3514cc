using System.Globalization;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Calls;
using FirstCome.Web.Console.Claims;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using MudBlazor;
using Severity = MudBlazor.Severity;

namespace FirstCome.Web.Console.Campaigns;

public sealed partial class CampaignPage
{
    private const int NamesMax = 10;
    private readonly Dictionary<Guid, string> _names = [];
    private CampaignDraft _draft = new();
    private CampaignDraft _former = new();
    private Dictionary<string, string> _wrong = [];
    private CampaignView? _campaign;
    private CampaignCounts? _counts;
    private string? _etag;
    private DateTimeOffset? _seenAt;
    private Refusal? _refusal, _lookRefusal, _historyRefusal;
    // Null: not known.
    private IReadOnlyList<HistoryEntry>? _history;
    private string? _olderHistory;
    private bool _busy, _isRefused, _hasMoved, _isAsked, _mayLeave;
    private TaskCompletionSource? _drawn;
    private Guid? _shown;
    // Counts the campaigns that this page has shown. One page stands for a new campaign and for every other: an answer that belongs to a former one is dropped.
    private int _visit;

    public CampaignPage() : base(TimeSpan.FromSeconds(5)) { }

    [Parameter] public Guid? Id { get; set; }

    private string Title => _campaign is { } campaign ? T.Of(campaign.Name) : T[Id is null ? "campaign.new" : "nav.campaigns"];

    private bool TakesList => _campaign is { State: not (CampaignState.Closed or CampaignState.Archived) } campaign && campaign.Audience.Any(condition => condition.Kind == AudienceCondition.ListKind);

    // The trail is the newest first: the list that counts is the one that was taken last.
    private int? ListInForce => _history?.Select(entry => entry.AudienceMembers).FirstOrDefault(members => members is not null);

    // Only the whole trail tells that there is none.
    private bool KnowsList => ListInForce is not null || (_history is not null && _olderHistory is null);

    // A new campaign is as much at stake as one that is changed.
    private bool IsChanged => !_mayLeave && !Same(_draft.ToBody(isNew: true), _former.ToBody(isNew: true));

    internal static string[] Actions(CampaignState state) => state switch
    {
        CampaignState.Draft => ["schedule"],
        CampaignState.Scheduled or CampaignState.Open => ["pause", "close"],
        CampaignState.Paused => ["resume", "close"],
        CampaignState.Closed => ["archive"],
        _ => [],
    };

    protected override Task OnParametersSetAsync()
    {
        if (_visit > 0 && Id == _shown) { return Task.CompletedTask; }
        _visit++;
        (_shown, _campaign, _counts, _etag, _seenAt) = (Id, null, null, null, null);
        (_refusal, _lookRefusal, _historyRefusal, _history, _olderHistory) = (null, null, null, null, null);
        (_draft, _former, _wrong, _busy, _isRefused, _hasMoved, _mayLeave) = (new(), new(), [], false, false, false, false);
        return Id is null ? Task.CompletedTask : LoadAsync();
    }

    // The state follows the clock, and the numbers the claims; what was typed stays.
    protected override async Task<bool> LookAsync()
    {
        if (_busy || _campaign is null) { return true; }
        var visit = _visit;
        var seen = await Api.GetAsync<CampaignView>(OperatorApi.Cache, $"api/campaigns/{Id}", Left);
        if (visit != _visit || _busy || _campaign is null) { return true; }
        // What stands on the screen from here on is of some time ago, and must not look as if it were of now.
        _lookRefusal = seen.Refusal;
        if (seen.Value is not { } now) { return seen.Refusal is not { Lasts: true }; }
        (_counts, _seenAt) = (now.Counts, Time.GetUtcNow());
        var (known, told) = (Version(_etag), Version(seen.ETag));
        if (told == known) { _campaign = _campaign with { State = now.State }; }
        _hasMoved = told > known;
        return true;
    }

    private async Task LoadAsync()
    {
        var visit = _visit;
        var campaign = Api.GetAsync<CampaignView>(OperatorApi.Cache, $"api/campaigns/{Id}", Left);
        var history = Api.GetAsync<Page<HistoryEntry>>(OperatorApi.Coupons, $"api/campaigns/{Id}/history?limit=200", Left);
        await Task.WhenAll(campaign, history);
        var (read, trail) = (await campaign, await history);
        if (visit != _visit) { return; }
        (_refusal, _lookRefusal) = (read.Refusal, null);
        if (read.Value is { } found) { Show(found, read.ETag); }
        await TakeHistoryAsync(trail, isOlder: false);
    }

    private void Show(CampaignView campaign, string? etag)
    {
        (_campaign, _counts, _etag, _hasMoved, _seenAt) = (campaign, campaign.Counts ?? _counts, etag, false, Time.GetUtcNow());
        (_draft, _former) = (CampaignDraft.Of(campaign), CampaignDraft.Of(campaign));
        _wrong = [];
    }

    private void Check() => (_wrong, _mayLeave) = (_draft.Check().ToDictionary(field => field.Key, field => T[field.Value]), false);

    private async Task SaveAsync()
    {
        if (_busy) { return; }
        Check();
        _isRefused = _wrong.Count > 0;
        if (_isRefused) { return; }
        if (Id is null)
        {
            // Two would be two campaigns: nothing more is ordered here until the page shows the one that was made.
            if (await ActAsync(left => Api.PostAsync<CampaignView>(OperatorApi.Coupons, "api/campaigns", _draft.ToBody(isNew: true), left), isLast: true) is { } made)
            {
                _mayLeave = true;
                Navigation.NavigateTo($"campaigns/{made.Campaign.Id}");
            }

            return;
        }
        var changed = Changed();
        if (changed.Count == 0) { return; }
        if (await ActAsync(left => Api.PatchAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{Id}", changed, _etag ?? "*", left)) is not { } saved) { return; }
        Show(saved.Campaign, saved.ETag);
        await ReadHistoryAsync();
    }

    // Only what differs is sent: the rest may be fixed in this state.
    private Dictionary<string, object?> Changed()
    {
        var former = _former.ToBody(isNew: false);
        return _draft.ToBody(isNew: false).Where(field => !Same(field.Value, former[field.Key])).ToDictionary();
    }

    private async Task TransitAsync(string action)
    {
        if (_busy || _campaign is not { Id: var id }) { return; }
        // What stands on the screen is what members are promised from here on.
        if (action == "schedule" && Changed().Count > 0)
        {
            _refusal = new("", 0, T["campaign.saveFirst"], new Dictionary<string, string[]>(), []);
            return;
        }
        var visit = _visit;
        if (await Dialogs.ShowMessageBoxAsync(T["action." + action], T["confirm." + action], yesText: T["action." + action], cancelText: T["cancel"]) is not true) { return; }
        if (visit != _visit || _busy) { return; }
        if (await ActAsync(left => Api.PostAsync<CampaignView>(OperatorApi.Coupons, $"api/campaigns/{id}/{action}", null, left, _etag)) is not { } stands) { return; }
        // What was typed and is not saved yet stays: a state changes no field.
        (_campaign, _etag, _hasMoved) = (stands.Campaign, stands.ETag, false);
        await ReadHistoryAsync();
    }

    // Null also where the page has gone on to another campaign meanwhile.
    private async Task<(CampaignView Campaign, string? ETag)?> ActAsync(Func<CancellationToken, Task<Answer<CampaignView>>> order, bool isLast = false)
    {
        var visit = _visit;
        _busy = true;
        var answer = await order(CancellationToken.None);
        if (visit != _visit || Left.IsCancellationRequested) { return null; }
        _busy = isLast && answer.Refusal is null;
        _refusal = answer.Refusal;
        if (answer.Refusal is { } refusal)
        {
            (_wrong, var elsewhere) = ShownFields.Place(refusal.Errors, _draft);
            _refusal = refusal with { Errors = elsewhere, Words = refusal.Errors.Count > 0 ? T["check.fields", refusal.Errors.Count] : refusal.Words };
        }
        if (answer.Value is not { } campaign) { return null; }
        Snackbar.Add(T["saved"], Severity.Success);
        return (campaign, answer.ETag);
    }

    // What was typed and is not saved yet stays: a list changes no other field.
    private async Task UploadedAsync(string? etag)
    {
        _etag = etag ?? _etag;
        await ReadHistoryAsync();
    }

    private async Task ReadHistoryAsync(string? after = null)
    {
        var visit = _visit;
        var read = await Api.GetAsync<Page<HistoryEntry>>(OperatorApi.Coupons, $"api/campaigns/{Id}/history?limit=200{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", Left);
        if (visit == _visit && (after is null || after == _olderHistory)) { await TakeHistoryAsync(read, isOlder: after is not null); }
    }

    private async Task TakeHistoryAsync(Answer<Page<HistoryEntry>> read, bool isOlder)
    {
        _historyRefusal = read.Refusal;
        if (read.Value is not { } page) { return; }
        (_history, _olderHistory) = ([.. isOlder ? _history ?? [] : [], .. page.Items], page.Next);
        foreach (var by in _history.Select(entry => entry.By).Distinct().Except(_names.Keys).Take(NamesMax).ToList())
        {
            // Whose name cannot be had is told by the id.
            if ((await Api.GetAsync<FoundMember>(OperatorApi.Users, $"api/operations/members?id={by}", Left)).Value is { } found) { _names[by] = found.DisplayName; }
        }
    }

    // Menu, Back and the language lead away as easily as a save does: what was typed is asked about first.
    private async Task LeaveAsync(LocationChangingContext leaving)
    {
        if (!IsChanged) { return; }
        if (_isAsked)
        {
            leaving.PreventNavigation();
            return;
        }
        _isAsked = true;
        _mayLeave = await Dialogs.ShowMessageBoxAsync(T["leave.title"], T["leave.sure"], yesText: T["leave.yes"], cancelText: T["leave.no"]) is true;
        _isAsked = false;
        if (!_mayLeave)
        {
            leaving.PreventNavigation();
            return;
        }
        // Until the browser has heard of it, it would ask once more where the page is loaded anew.
        _drawn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StateHasChanged();
        await _drawn.Task.WaitAsync(leaving.CancellationToken);
    }

    protected override void OnAfterRender(bool firstRender) => _drawn?.TrySetResult();

    private string Told(long? number) => number is { } known ? T.Number(known) : "–";

    // The versions of one campaign count up.
    private static long Version(string? etag) => long.TryParse(etag?.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static bool Same(object? one, object? other) => System.Text.Json.JsonSerializer.Serialize(one) == System.Text.Json.JsonSerializer.Serialize(other);
}
