namespace FirstCome.Contracts.Problems;

/// <summary>Every kind of problem that the API answers with. A new refusal is added here and nowhere else; <see cref="All"/> feeds the pages.</summary>
public static class ProblemTypes
{
    public static readonly ProblemType InvalidRequest = new(
        "invalid-request", 400, "The request is not valid", "요청이 올바르지 않습니다",
        "Something in the request cannot be used as it is. The member errors names each field and says what to change; send the corrected request.",
        "요청 내용 중 그대로 쓸 수 없는 것이 있습니다. errors에 필드마다 고칠 점이 적혀 있으니 고쳐서 다시 보내세요.");

    public static readonly ProblemType AudienceListRejected = new(
        "audience-list-rejected", 400, "The list of members was not imported", "회원 목록을 가져오지 못했습니다",
        "At least one line is wrong, so nothing was imported and the former list stands. The member rejected names lines and reasons (the first 1,000); correct them and send the whole list again.",
        "잘못된 줄이 있어 아무것도 가져오지 않았고 이전 목록이 그대로입니다. rejected에 줄 번호와 이유(처음 1,000개)가 있으니 고쳐서 목록 전체를 다시 보내세요.");

    public static readonly ProblemType Unauthenticated = new(
        "unauthenticated", 401, "Sign in first", "로그인이 필요합니다",
        "The request carries no valid access token: it is missing, expired, forged, or was signed out. Sign in or refresh the token, then repeat the request.",
        "유효한 액세스 토큰이 없습니다. 없거나, 만료되었거나, 위조되었거나, 로그아웃된 토큰입니다. 로그인하거나 토큰을 갱신한 뒤 다시 요청하세요.");

    public static readonly ProblemType SignInFailed = new(
        "sign-in-failed", 401, "Signing in failed", "로그인하지 못했습니다",
        "The e-mail address, the password or the refresh token is wrong, or the account cannot sign in. Which of them is not told. Check both and try again.",
        "이메일, 비밀번호 또는 갱신 토큰이 맞지 않거나 로그인할 수 없는 계정입니다. 어느 것인지는 알려 드리지 않습니다. 확인 후 다시 시도하세요.");

    public static readonly ProblemType Forbidden = new(
        "forbidden", 403, "This account may not do that", "이 계정으로는 할 수 없습니다",
        "The token is valid, but this action needs another role, or a token that is no rehearsal token. Sign in with an account that has the role.",
        "토큰은 유효하지만 다른 권한이 필요하거나 리허설 토큰으로는 할 수 없는 일입니다. 권한이 있는 계정으로 로그인하세요.");

    public static readonly ProblemType MemberLocked = new(
        "member-locked", 403, "This account is locked", "잠긴 계정입니다",
        "An administrator has locked the account. Only an administrator can unlock it.",
        "관리자가 이 계정을 잠갔습니다. 관리자만 풀 수 있습니다.");

    public static readonly ProblemType NotEligible = new(
        "not-eligible", 403, "The campaign is not for this member", "이 캠페인의 대상이 아닙니다",
        "At least one condition of the campaign does not hold for this member. The member conditions says which and why.",
        "캠페인 조건 중 맞지 않는 것이 있습니다. conditions에 어떤 조건이 왜 맞지 않는지 적혀 있습니다.");

    public static readonly ProblemType NotFound = new(
        "not-found", 404, "There is no such thing here", "찾을 수 없습니다",
        "The address or the id is unknown, or belongs to somebody else. Check it.",
        "주소나 id를 알 수 없거나 다른 사람의 것입니다. 확인해 주세요.");

    public static readonly ProblemType CampaignUnknown = new(
        "campaign-unknown", 404, "There is no such campaign", "그런 캠페인이 없습니다",
        "No campaign with this id is open to this caller. Check the id, or look into the list of campaigns.",
        "이 id의 캠페인을 찾을 수 없습니다. id를 확인하거나 캠페인 목록을 보세요.");

    public static readonly ProblemType NoClaim = new(
        "no-claim", 404, "This member holds no claim", "신청 내역이 없습니다",
        "The member has no accepted claim on this campaign. It is certain: nothing is on its way.",
        "이 캠페인에 접수된 신청이 없습니다. 처리 중인 것도 없습니다.");

    public static readonly ProblemType MethodNotAllowed = new(
        "method-not-allowed", 405, "This method is not offered here", "허용되지 않는 메서드입니다",
        "The address exists, but not with this HTTP method. The header Allow names the methods that it has.",
        "주소는 있지만 이 HTTP 메서드는 쓸 수 없습니다. Allow 헤더에 쓸 수 있는 메서드가 있습니다.");

    public static readonly ProblemType NotAcceptable = new(
        "not-acceptable", 406, "No such representation", "요청한 형식으로 답할 수 없습니다",
        "None of the media types in Accept can be made. Leave Accept out, or ask for application/json.",
        "Accept에 적힌 형식으로는 답할 수 없습니다. Accept를 빼거나 application/json으로 요청하세요.");

    public static readonly ProblemType RequestTimeout = new(
        "request-timeout", 408, "The request came too slowly", "요청이 너무 느립니다",
        "The request did not arrive in time. Send it again on a better connection.",
        "요청이 제때 도착하지 않았습니다. 다시 보내 주세요.");

    public static readonly ProblemType Conflict = new(
        "conflict", 409, "It does not fit the present state", "현재 상태와 맞지 않습니다",
        "Something else changed at the same time, or the state does not allow it. Read the object again, then decide.",
        "동시에 다른 변경이 있었거나 지금 상태에서는 할 수 없습니다. 다시 읽어 본 뒤 결정하세요.");

    public static readonly ProblemType EmailTaken = new(
        "email-taken", 409, "There is an account with this e-mail address", "이미 가입된 이메일입니다",
        "Sign in with it, or sign up with another address.",
        "그 이메일로 로그인하거나 다른 이메일로 가입하세요.");

    public static readonly ProblemType IllegalTransition = new(
        "illegal-transition", 409, "The campaign's state does not allow this", "캠페인의 현재 상태에서는 할 수 없습니다",
        "A campaign goes from draft to scheduled, open, paused, closed and archived, and a window that has ended cannot be scheduled. Read the campaign's state, then decide.",
        "캠페인은 초안, 예정, 진행, 일시 중지, 종료, 보관 순서로만 바뀌며 이미 끝난 기간은 예약할 수 없습니다. 상태를 다시 확인하세요.");

    public static readonly ProblemType QuotaBelowIssued = new(
        "quota-below-issued", 409, "More coupons were given out than that", "이미 그보다 많이 발급되었습니다",
        "A quota cannot be lowered below what the gate has given out. Choose a quota that is not below the number in detail.",
        "이미 나간 수량보다 적게 줄일 수 없습니다. detail에 적힌 수 이상으로 정하세요.");

    public static readonly ProblemType NotOpenYet = new(
        "not-open-yet", 409, "The campaign has not opened yet", "아직 시작하지 않았습니다",
        "Claims are taken from opensAt on. Ask again then.",
        "opensAt부터 신청할 수 있습니다. 그때 다시 신청하세요.");

    public static readonly ProblemType Closed = new(
        "closed", 409, "The campaign is closed", "종료된 캠페인입니다",
        "The campaign has ended and takes no claims. Claims accepted before are kept.",
        "종료되어 더는 신청을 받지 않습니다. 이미 접수된 신청은 유지됩니다.");

    public static readonly ProblemType Paused = new(
        "paused", 409, "The campaign is paused", "일시 중지된 캠페인입니다",
        "An operator has paused the campaign. Ask again when it goes on.",
        "운영자가 잠시 멈췄습니다. 다시 시작되면 신청하세요.");

    public static readonly ProblemType LimitReached = new(
        "limit-reached", 409, "This member holds as many as one may", "받을 수 있는 만큼 모두 받았습니다",
        "The campaign's limit for each member is reached. The claims held stand.",
        "회원당 한도를 채웠습니다. 이미 받은 것은 유지됩니다.");

    public static readonly ProblemType SoldOut = new(
        "sold-out", 409, "Every coupon is taken", "모두 소진되었습니다",
        "Others came first. A place may come back if the campaign gives cancelled coupons out again.",
        "선착순 수량이 모두 소진되었습니다. 취소된 쿠폰을 다시 내주는 캠페인이면 자리가 다시 날 수 있습니다.");

    public static readonly ProblemType CouponExpired = new(
        "coupon-expired", 409, "The coupon has expired", "기간이 지난 쿠폰입니다",
        "The coupon's validity has ended; it cannot be redeemed.",
        "유효 기간이 끝나 사용할 수 없습니다.");

    public static readonly ProblemType CouponCancelled = new(
        "coupon-cancelled", 409, "The coupon was cancelled", "취소된 쿠폰입니다",
        "An operator cancelled the coupon; it cannot be redeemed.",
        "운영자가 취소한 쿠폰이라 사용할 수 없습니다.");

    public static readonly ProblemType CouponUsed = new(
        "coupon-used", 409, "The coupon was used by another order", "다른 주문에 이미 사용된 쿠폰입니다",
        "A coupon is good for one order. Whoever redeemed it may undo that redemption.",
        "쿠폰은 한 주문에만 쓸 수 있습니다. 사용 처리한 쪽에서 되돌릴 수 있습니다.");

    public static readonly ProblemType BelowMinimum = new(
        "below-minimum", 409, "The order is too small for this coupon", "최소 주문 금액보다 적습니다",
        "The order's amount is below the coupon's minimum, which detail names.",
        "주문 금액이 쿠폰의 최소 주문 금액보다 적습니다. detail에 최소 금액이 있습니다.");

    public static readonly ProblemType CurrencyMismatch = new(
        "currency-mismatch", 409, "The order is in another currency", "통화가 다릅니다",
        "The coupon is good for orders in its own currency only, which detail names.",
        "쿠폰과 같은 통화의 주문에만 쓸 수 있습니다. detail에 통화가 있습니다.");

    public static readonly ProblemType CouponNotRedeemable = new(
        "coupon-not-redeemable", 409, "The coupon cannot be redeemed", "사용할 수 없는 쿠폰입니다",
        "Coupons of a rehearsal are not real and cannot be redeemed.",
        "리허설 쿠폰은 실제 쿠폰이 아니어서 사용할 수 없습니다.");

    public static readonly ProblemType RehearsalLimit = new(
        "rehearsal-limit", 409, "The rehearsal has all the members it may have", "리허설 회원 한도를 채웠습니다",
        "At most 100,000 synthetic members are made for a campaign, and for rehearsals only.",
        "리허설 캠페인마다 가상 회원은 100,000명까지 만들 수 있습니다.");

    public static readonly ProblemType PreconditionFailed = new(
        "precondition-failed", 412, "It was changed by somebody else", "그사이 다른 변경이 있었습니다",
        "The object no longer has the version in If-Match. Read it again, look at the change, and send yours with the new ETag.",
        "If-Match의 버전이 더는 최신이 아닙니다. 다시 읽고 바뀐 내용을 확인한 뒤 새 ETag로 보내세요.");

    public static readonly ProblemType PayloadTooLarge = new(
        "payload-too-large", 413, "The body is too large", "본문이 너무 큽니다",
        "Bodies may have up to 64 KiB, a list of members up to 64 MiB. Send less.",
        "본문은 64 KiB, 회원 목록은 64 MiB까지 보낼 수 있습니다.");

    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported-media-type", 415, "The body's type is not understood", "지원하지 않는 본문 형식입니다",
        "Send application/json (a list of members: text/csv) and say so in Content-Type.",
        "application/json(회원 목록은 text/csv)으로 보내고 Content-Type에 적어 주세요.");

    public static readonly ProblemType IdempotencyKeyReused = new(
        "idempotency-key-reused", 422, "The idempotency key was used for another request", "다른 요청에 쓴 멱등 키입니다",
        "An Idempotency-Key belongs to one request. Take a new key for a new request; repeat the old one with the same body.",
        "Idempotency-Key는 요청 하나에만 씁니다. 새 요청에는 새 키를, 같은 요청에는 같은 본문을 쓰세요.");

    public static readonly ProblemType PreconditionRequired = new(
        "precondition-required", 428, "Say which version you have seen", "확인한 버전을 알려 주세요",
        "A change needs the header If-Match with the ETag of the version it is based on. Read the object and send its ETag.",
        "변경하려면 If-Match 헤더에 확인한 버전의 ETag가 필요합니다. 먼저 읽고 그 ETag를 함께 보내세요.");

    public static readonly ProblemType TooManyRequests = new(
        "too-many-requests", 429, "Too many requests", "요청이 너무 많습니다",
        "Wait as many seconds as Retry-After says, then go on more slowly. Nothing is lost by it: a claim already accepted stands.",
        "Retry-After에 적힌 초만큼 기다린 뒤 천천히 다시 시도하세요. 이미 접수된 신청은 그대로입니다.");

    public static readonly ProblemType HeadersTooLarge = new(
        "headers-too-large", 431, "The headers are too large", "헤더가 너무 큽니다",
        "The request's headers have more than 16 KiB in all. Send fewer or shorter ones.",
        "요청 헤더는 모두 합쳐 16 KiB까지 보낼 수 있습니다.");

    public static readonly ProblemType InternalError = new(
        "internal-error", 500, "Something went wrong here", "내부 오류가 발생했습니다",
        "This is our fault, and it was logged under traceId. Ask again; a repeated claim gets the first answer.",
        "저희 쪽 문제이며 traceId로 기록되었습니다. 다시 시도해 주세요. 신청은 다시 보내도 처음 결과를 받습니다.");

    public static readonly ProblemType Unavailable = new(
        "unavailable", 503, "Not available at the moment", "지금은 이용할 수 없습니다",
        "A part of the system is away, or no certain answer came in time. Ask again after Retry-After seconds; a repeated claim gets the first answer.",
        "시스템 일부가 응답하지 않아 확실한 답을 드릴 수 없습니다. Retry-After 초 뒤에 다시 시도하세요. 신청은 다시 보내도 처음 결과를 받습니다.");

    public static readonly ProblemType Recovering = new(
        "recovering", 503, "The campaign is being recovered", "캠페인을 복구하고 있습니다",
        "The gate of this campaign is being rebuilt from the ledger; nothing accepted is lost. Ask again after Retry-After seconds.",
        "원장에서 캠페인을 복구하는 중이며 접수된 신청은 사라지지 않습니다. Retry-After 초 뒤에 다시 시도하세요.");

    /// <summary>Every one of them, by status.</summary>
    public static readonly IReadOnlyList<ProblemType> All =
    [
        InvalidRequest, AudienceListRejected, Unauthenticated, SignInFailed, Forbidden, MemberLocked, NotEligible, NotFound, CampaignUnknown, NoClaim, MethodNotAllowed, NotAcceptable,
        RequestTimeout, Conflict, EmailTaken, IllegalTransition, QuotaBelowIssued, NotOpenYet, Closed, Paused, LimitReached, SoldOut, CouponExpired, CouponCancelled, CouponUsed,
        BelowMinimum, CurrencyMismatch, CouponNotRedeemable, RehearsalLimit, PreconditionFailed, PayloadTooLarge, UnsupportedMediaType, IdempotencyKeyReused, PreconditionRequired,
        TooManyRequests, HeadersTooLarge, InternalError, Unavailable, Recovering,
    ];
}
