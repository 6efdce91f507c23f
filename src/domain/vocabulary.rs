//! The words of the trade, the same on the wire, in code and in columns.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! vocabulary {
    ($($(#[doc = $doc:literal])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word of the vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        // By hand: the derive does not see a word that a macro was given, and would tell the names of the variants.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .description(Some([$($doc),*].concat().trim()))
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }

        impl ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                    format!("unknown_word|{}", known.join(", "))
                })
            }
        }
    )+};
}
pub(crate) use vocabulary;

vocabulary! {
    /// The platform on which a shop trades.
    Platform {
        /// 淘宝
        Taobao = "taobao",
        /// 天猫
        Tmall = "tmall",
        /// 京东
        Jd = "jd",
        /// 拼多多
        Pinduoduo = "pinduoduo",
        /// 抖音
        Douyin = "douyin",
        /// 快手
        Kuaishou = "kuaishou",
        /// 微信
        Wechat = "wechat",
        /// 小红书
        Xiaohongshu = "xiaohongshu",
        /// 1688
        Alibaba1688 = "alibaba_1688",
        /// Amazon
        Amazon = "amazon",
        /// TikTok Shop
        TiktokShop = "tiktok_shop",
        /// 速卖通
        Aliexpress = "aliexpress",
        /// Shopee
        Shopee = "shopee",
        /// Any other.
        Other = "other",
    }

    /// Where a complaint came in.
    Channel {
        /// 平台
        Platform = "platform",
        /// 市场监管部门
        Regulator = "regulator",
        /// 公安
        Police = "police",
        /// 法院
        Court = "court",
        /// The consumer, directly.
        Consumer = "consumer",
        /// 媒体
        Media = "media",
        /// For duties that no complaint brings.
        None = "none",
    }

    /// What came in.
    ComplaintKind {
        /// 投诉: a consumer asks for a dispute to be solved.
        Complaint = "complaint",
        /// 举报: anyone reports a suspected violation.
        Report = "report",
        /// 报案
        PoliceReport = "police_report",
        /// 违规认定
        PlatformFinding = "platform_finding",
        /// 起诉
        Lawsuit = "lawsuit",
        /// A report in the media.
        MediaReport = "media_report",
    }

    /// Who complains or reports: a class of motive, never a person.
    ReporterType {
        /// 消费者
        Consumer = "consumer",
        /// 竞争对手
        Competitor = "competitor",
        /// 监管部门
        Regulator = "regulator",
        /// 公安
        Police = "police",
        /// 平台
        Platform = "platform",
        /// 内部人员
        Insider = "insider",
        /// 职业索赔: describes conduct, not a person.
        ProfessionalClaimant = "professional_claimant",
        /// 匿名
        Anonymous = "anonymous",
        /// Not known yet.
        Unknown = "unknown",
    }

    /// How sure an assessment is.
    Confidence {
        /// Little speaks for it.
        Low = "low",
        /// More speaks for it than against it.
        Medium = "medium",
        /// Documents speak for it.
        High = "high",
    }

    /// The kind of an allegation.
    AllegationKind {
        /// 虚假交易
        FictitiousTransaction = "fictitious_transaction",
        /// 虚假评价
        FakeReview = "fake_review",
        /// 虚假宣传
        FalseAdvertising = "false_advertising",
        /// 质量
        Quality = "quality",
        /// 假冒
        Counterfeit = "counterfeit",
        /// 数据滥用
        DataMisuse = "data_misuse",
        /// Any other.
        Other = "other",
    }

    /// What one's own self-check found on an allegation.
    ConclusionResult {
        /// The facts explain it lawfully.
        Explained = "explained",
        /// Part of it is true.
        PartlyConfirmed = "partly_confirmed",
        /// It is true.
        Confirmed = "confirmed",
        /// The facts do not decide it.
        Inconclusive = "inconclusive",
    }

    /// How an allegation ended on the other side.
    AllegationOutcome {
        /// Found true.
        Upheld = "upheld",
        /// Found true in part.
        PartlyUpheld = "partly_upheld",
        /// Found untrue or unproven.
        Dismissed = "dismissed",
        /// Taken back by whoever made it.
        Withdrawn = "withdrawn",
        /// Ended by agreement.
        Settled = "settled",
        /// Ended without a finding.
        NoFinding = "no_finding",
    }

    /// Whether a case is being worked on.
    CaseStatus {
        /// It is.
        Open = "open",
        /// It is not.
        Closed = "closed",
    }

    /// How urgent a case is.
    Priority {
        /// Can wait.
        Low = "low",
        /// As it comes.
        Normal = "normal",
        /// Before others.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }

    /// Who owes the act that a deadline limits.
    OwedBy {
        /// The merchant's side.
        Us = "us",
        /// An authority, the platform or the other party: their lateness is not ours.
        Them = "them",
        /// Nobody acts: the law itself ends something.
        System = "system",
    }

    /// The state of a deadline.
    DeadlineStatus {
        /// Running.
        Pending = "pending",
        /// Done in time, or late and so marked by its `met_at`.
        Met = "met",
        /// Passed without the act.
        Missed = "missed",
        /// Let go, with a reason.
        Waived = "waived",
        /// Its clock stands still.
        Suspended = "suspended",
    }

    /// Why a clock stands still. The statutes name the times that are not counted; a rule says which of them it knows.
    PauseGround {
        /// 检验、检测
        Testing = "testing",
        /// 鉴定
        Appraisal = "appraisal",
        /// 权利人辨认
        RightsHolderIdentification = "rights_holder_identification",
        /// 听证
        Hearing = "hearing",
        /// 公告
        Publication = "publication",
        /// 责令退款
        RefundOrder = "refund_order",
        /// 中止: the authority or the court has suspended the procedure.
        Suspension = "suspension",
        /// Any other, with a reason.
        Other = "other",
    }

    /// How a trigger was served, or came to be known.
    ServiceMethod {
        /// 直接送达
        Direct = "direct",
        /// 留置送达
        LeftAtPlace = "left_at_place",
        /// 邮寄送达
        Post = "post",
        /// 电子送达
        Electronic = "electronic",
        /// 委托送达
        Entrusted = "entrusted",
        /// 公告送达
        Publication = "publication",
        /// A message or page of the platform.
        PlatformMessage = "platform_message",
        /// By telephone.
        Phone = "phone",
        /// Any other.
        Other = "other",
    }

    /// What a published day is.
    DayOff {
        /// A day off.
        Holiday = "holiday",
        /// A rest day turned into a working day (调休上班日).
        Workday = "workday",
    }

    /// A day of the week.
    WeekDay {
        /// 星期一
        Monday = "monday",
        /// 星期二
        Tuesday = "tuesday",
        /// 星期三
        Wednesday = "wednesday",
        /// 星期四
        Thursday = "thursday",
        /// 星期五
        Friday = "friday",
        /// 星期六
        Saturday = "saturday",
        /// 星期日
        Sunday = "sunday",
    }

    /// How well the source of a rule was read.
    SourceConfidence {
        /// In a copy of the statute or regulation.
        Statute = "statute",
        /// In an official form.
        OfficialForm = "official_form",
        /// In a copy of the platform's own text.
        PlatformText = "platform_text",
        /// On a secondary page.
        Secondary = "secondary",
        /// Not at all: general knowledge.
        Unverified = "unverified",
    }

    /// Why something on an agenda cannot be done at once.
    BlockingCode {
        /// Its clock stands still.
        Suspended = "suspended",
        /// A task of the same stage is blocked, or the task itself is.
        TaskBlocked = "task_blocked",
        /// Required tasks of the same stage are open.
        TasksOpen = "tasks_open",
    }

    /// What the register of deadlines says of one.
    RegisterChange {
        /// It was entered, by a trigger or by hand.
        Entered = "entered",
        /// Its end or what is said of it is another one.
        Changed = "changed",
        /// Its clock was stopped.
        Suspended = "suspended",
        /// Its clock goes on.
        Resumed = "resumed",
        /// It was extended.
        Extended = "extended",
        /// The act was done.
        Met = "met",
        /// It passed without the act.
        Missed = "missed",
        /// It was let go.
        Waived = "waived",
        /// A second person has checked another entry.
        Checked = "checked",
    }

    /// The kind of a deadline, by which its ladder of reminders is chosen.
    LadderKind {
        /// Ours, counted in hours or over within seven days.
        Countdown = "countdown",
        /// Ours, longer, and a statute sets it.
        Statutory = "statutory",
        /// Ours, longer, and set by anything else.
        Ordinary = "ordinary",
        /// Owed by the other side: chased once it has passed.
        Counterpart = "counterpart",
        /// Nobody acts: something ends by law.
        System = "system",
    }

    /// What the distance of a step from the end of its deadline is measured in.
    StepUnit {
        /// Hours, exactly.
        Hours = "hours",
        /// Days: at nine in the morning.
        Days = "days",
        /// Working days: at nine in the morning.
        WorkingDays = "working_days",
    }

    /// Whom a step of a ladder reminds.
    StepTo {
        /// Whoever answers for the deadline.
        Assignee = "assignee",
        /// Whoever leads its case.
        Lead = "lead",
        /// The managers; the owners where there are none.
        Managers = "managers",
    }

    /// By what a message goes out.
    ChannelKind {
        /// Mail.
        Email = "email",
        /// A group robot of 企业微信.
        Wecom = "wecom",
        /// A group robot of 钉钉.
        Dingtalk = "dingtalk",
        /// A group robot of 飞书.
        Feishu = "feishu",
    }

    /// What has become of a message.
    DeliveryState {
        /// It waits.
        Queued = "queued",
        /// It is on its way.
        Sending = "sending",
        /// The other side has taken it.
        Sent = "sent",
        /// The other side has refused it, or could not be reached for three days.
        Failed = "failed",
        /// It was not needed any more.
        Cancelled = "cancelled",
    }

    /// The state of a task.
    TaskStatus {
        /// Not begun.
        Todo = "todo",
        /// Begun.
        InProgress = "in_progress",
        /// Cannot go on, for a stated reason.
        Blocked = "blocked",
        /// Done.
        Done = "done",
        /// Not to be done, for a stated reason.
        Waived = "waived",
    }

    /// Whether a version of a playbook can still change.
    PlaybookStatus {
        /// It can, and no case is opened under it.
        Draft = "draft",
        /// It cannot, for ever.
        Published = "published",
    }

    /// What keeps a draft of a playbook from being published.
    PlaybookFaultCode {
        /// It has no tasks.
        NoTasks = "no_tasks",
        /// A task hangs on one that is not in it.
        AnchorUnknown = "anchor_unknown",
        /// A task hangs on itself, by way of others.
        AnchorCircle = "anchor_circle",
    }

    /// What a task of a playbook hangs on.
    AnchorKind {
        /// A trigger of the case.
        Event = "event",
        /// Another task of the playbook: its due moment, and its completion once it is done.
        Task = "task",
        /// A deadline made by the first of some rules that has one.
        Deadline = "deadline",
        /// A deadline typed in from a notice.
        Stated = "stated",
        /// Nothing: a standing duty.
        None = "none",
    }

    /// Who may see an entry of the journal, a comment or a note.
    Visibility {
        /// The tenant's staff, counsel and auditors.
        Internal = "internal",
        /// The client too.
        Client = "client",
        /// Counsel and the staff who instruct them, never the client's staff.
        Privileged = "privileged",
    }

    /// A stage, in the default order. Stages overlap.
    Stage {
        /// 自查
        SelfCheck = "self_check",
        /// 举报方分析
        ReporterAnalysis = "reporter_analysis",
        /// 证据
        Evidence = "evidence",
        /// 配合调查
        Cooperation = "cooperation",
        /// 法律
        Legal = "legal",
        /// 信誉修复
        ReputationRepair = "reputation_repair",
        /// 长效防范
        Prevention = "prevention",
    }

    /// The state of a stage.
    StageStatus {
        /// Not begun.
        Pending = "pending",
        /// Being worked on.
        Active = "active",
        /// Left through its gate.
        Completed = "completed",
        /// Left out, with a reason.
        Skipped = "skipped",
    }
}
